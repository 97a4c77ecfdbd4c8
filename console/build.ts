import { writePage } from './write-page.ts';

/** `node --import tsx console/build.ts [folder]`: a part of `npm run build`. */
await writePage(process.argv[2] ?? 'dist');
