import { copyLuaScripts } from './copy-lua-scripts.ts';

/** `node --import tsx build/copy-lua.ts [folder]`: a part of `npm run build`. */
await copyLuaScripts(process.argv[2] ?? 'dist');
