import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type CheckoutCopy, copyCheckout } from '../mutation/checkout-copy.ts';
import { type PlantedFault, plantedFaults } from './planted-faults.ts';

interface Options {
  readonly seeds: number;
  readonly only?: string;
  readonly atOnce: number;
  readonly secondsEach: number;
}

interface Found {
  readonly fault: PlantedFault;
  readonly seed: number | null;
  readonly invariants: readonly string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @throws {Error} where the source has changed: its text must be changed too */
function plant(copy: CheckoutCopy, { name, file, from, to }: PlantedFault): void {
  const path = join(copy.folder, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) {
    throw new Error(`Cannot plant "${name}": its text must stand in ${file} exactly once`);
  }
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
}

/** Each fault in a copy of its own, so that no switch for it stands in the source. */
async function find(fault: PlantedFault, { seeds, secondsEach }: Options): Promise<Found> {
  const copy = copyCheckout(root);
  try {
    plant(copy, fault);
    const output = await run(copy.folder, fault, { seeds, seconds: secondsEach });
    const [, seed] = /^Seed (\d+):/m.exec(output) ?? [];
    const invariants = [...output.matchAll(/^BROKEN: (\w+)/gm)].map(([, invariant = '']) => invariant);
    return { fault, seed: seed === undefined ? null : Number(seed), invariants: [...new Set(invariants)] };
  } finally {
    copy.remove();
  }
}

function run(
  folder: string,
  { having, theme }: PlantedFault,
  { seeds, seconds }: { readonly seeds: number; readonly seconds: number },
): Promise<string> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      'test/simulation/main.ts',
      '--seeds',
      String(seeds),
      '--stop-at-first',
      '--processes',
      '1',
      ...(having === undefined ? [] : ['--having', having]),
      ...(theme === undefined ? [] : ['--theme', theme]),
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1_000);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.once('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}

const program = new Command('node --import tsx test/simulation/plant.ts')
  .description('Plants each fault of planted-faults.ts in a copy, and prints the seed that finds it.')
  .option('--seeds <count>', 'tried for each', Number, 1_000)
  .option('--only <text>', 'faults whose name has this text')
  .option('--at-once <count>', 'how many at a time', Number, 2)
  .option('--seconds-each <count>', 'after which a fault is given up', Number, 600)
  .action(async (options: Options) => {
    const waiting = plantedFaults.filter(({ name }) => name.includes(options.only ?? ''));
    let missed = 0;
    const work = async (): Promise<void> => {
      for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
        const { seed, invariants } = await find(fault, options).catch((error: unknown) => {
          process.stdout.write(`${String(error)}\n`);
          return { seed: null, invariants: [] };
        });
        if (seed === null) missed += 1;
        process.stdout.write(
          `| ${fault.name} | ${seed ?? 'not found'} | ${invariants.map((each) => `\`${each}\``).join(', ')} |\n`,
        );
      }
    };
    await Promise.all(Array.from({ length: options.atOnce }, work));
    process.exitCode = missed === 0 ? 0 : 1;
  });

await program.parseAsync();
