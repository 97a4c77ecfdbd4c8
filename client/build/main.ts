import { join } from 'node:path';
import { buildClient } from './build-client.ts';

/** `node --import tsx client/build/main.ts [FOLDER]`: a part of `npm run build`. */
await buildClient(process.argv[2] ?? join(import.meta.dirname, '../dist'));
