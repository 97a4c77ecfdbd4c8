import { writePage } from '../console/write-page.ts';
import { pickSystemEnvironment } from '../shared/system-environment.ts';
import { compileProgram } from './compile-program.ts';

/** `node --import tsx build/compile-checkout.ts FOLDER`: what `build/run.js` runs, made from the sources of the checkout. */
const folder = process.argv[2];
if (folder === undefined) throw new Error('Cannot compile: name the folder of the build');
// Compilers are not ours: they need none of the secrets that a program is started with.
const kept = pickSystemEnvironment(process.env);
for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
await Promise.all([compileProgram('build/tsconfig.checkout.json', folder), writePage(folder)]).catch(
  (error: unknown) => {
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    process.stderr.write(`${output}${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
