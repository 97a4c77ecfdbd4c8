import { fileURLToPath } from 'node:url';
import { compileProgram } from '../build/compile-program.ts';

const root = new URL('../', import.meta.url);
let built: Promise<unknown> | undefined;

export type BuiltModule =
  | 'producer/main'
  | 'worker/main'
  | 'bench/pipelines/pipeline-front'
  | 'bench/pipelines/pipeline-submitter'
  | 'bench/pipelines/pipeline-worker'
  | 'bench/delivery/plain-delivery-worker'
  | 'bench/peers/http-submitter'
  | 'bench/peers/library-submitter'
  | 'bench/submissions/load-generator';

/**
 * A program as the image runs it: compiled. From source it would run through tsx, which wraps each function as it comes into
 * being: several per cent of the rate of our worker, made of many small ones, and next to nothing of a plain one's.
 *
 * Compiled once per run of a benchmark, into a folder of its own: the command line would take a `dist/` for the newest build.
 *
 * @throws Error with the compiler's output
 */
export async function builtEntry(module: BuiltModule): Promise<URL> {
  built ??= compileProgram('bench/tsconfig.build.json', fileURLToPath(new URL('.data/bench', root)));
  await built;
  return new URL(`.data/bench/${module}.js`, root);
}
