import { readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { copyCheckout } from './checkout-copy.ts';
import { CoveringTests } from './covering-tests.ts';
import { pick, rollDice } from './dice.ts';
import { findLuaSites } from './lua-sites.ts';
import { describeMutant, type Mutant } from './mutant.ts';
import { runMutants } from './run-mutants.ts';
import { findTypeScriptSites } from './typescript-sites.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What decides about money, quota and records. */
const DEFAULT_GLOBS = [
  'shared/outcomes/*.ts',
  'shared/account/limiter/**/*.{ts,lua}',
  'shared/store/verifications/*.ts',
  'shared/store/scripts/**/*.lua',
];

interface Options {
  readonly seed: number;
  readonly mutants: number;
  readonly only: readonly string[];
  readonly language?: 'typescript' | 'lua';
  readonly tests: number;
  readonly list?: true;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError(`must be a whole number of at least 1, received ${text}`);
}

function parseLanguage(text: string): 'typescript' | 'lua' {
  if (text === 'typescript' || text === 'lua') return text;
  throw new InvalidArgumentError(`must be typescript or lua, received ${text}`);
}

const collect = (glob: string, globs: readonly string[] = []) => [...globs, glob];

const program = new Command('npm run mutate --')
  .description(
    'Changes the source in one place at a time, in a copy, and reports which changes no test notices.',
  )
  .option('--seed <number>', 'the same seed picks the same places', parseCount, 1)
  .option('--mutants <count>', 'how many places', parseCount, 50)
  .option('--only <glob>', 'sources to change; may be given more than once', collect)
  .option('--language <name>', 'typescript or lua', parseLanguage)
  .option('--tests <count>', 'test files tried for each mutant, the nearest first', parseCount, 12)
  .option('--list', 'only print the places and the tests')
  .action(async (options: Options) => {
    const copy = copyCheckout(root);
    process.once('exit', () => copy.remove());
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    const globs = options.only ?? DEFAULT_GLOBS;
    const sources = copy.files.filter(
      (file) => globs.some((glob) => matchesGlob(file, glob)) && /\.(?:ts|lua)$/.test(file),
    );
    const all = sources.flatMap((file) => findMutants(file));
    const wanted = all.filter(({ language }) => [undefined, language].includes(options.language));
    const chosen = pick(wanted, options.mutants, rollDice(options.seed));
    const say = (line: string) => void process.stdout.write(`${line}\n`);
    say(
      `${chosen.length} of ${wanted.length} possible mutants of ${sources.length} files, seed ${options.seed}`,
    );
    const covering = new CoveringTests(copy.folder, copy.files);
    if (options.list) {
      for (const mutant of chosen) {
        say(describeMutant(readFileSync(join(root, mutant.file), 'utf8'), mutant));
        say(`    ${covering.of(mutant.file).slice(0, options.tests).join(' ')}`);
      }
      return;
    }
    await runMutants({ folder: copy.folder, mutants: chosen, covering, testFiles: options.tests, say });
  });

function findMutants(file: string): readonly Mutant[] {
  const source = readFileSync(join(root, file), 'utf8');
  const language = file.endsWith('.lua') ? 'lua' : 'typescript';
  const sites = language === 'lua' ? findLuaSites(source) : findTypeScriptSites(file, source);
  return sites.map((site) => ({ ...site, file, language }));
}

await program.parseAsync();
