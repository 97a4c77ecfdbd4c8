import { writePage } from '../console/write-page.ts';
import { pickSystemEnvironment } from '../shared/system-environment.ts';
import { bundleProgram } from './bundle-program.ts';
import { copyLuaScripts } from './copy-lua-scripts.ts';

/** `node --import tsx build/compile-checkout.ts DRAFT FOLDER`: what `build/run.js` runs, made from the sources of the checkout. */
const [, , draft, folder] = process.argv;
if (draft === undefined || folder === undefined) {
  throw new Error('Cannot compile: name the folder of the draft and that of the build');
}
// Compilers are not ours: they need none of the secrets that a program is started with.
const kept = pickSystemEnvironment(process.env);
for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
await Promise.all([bundleProgram(draft, folder), copyLuaScripts(draft), writePage(draft)]).catch(
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
