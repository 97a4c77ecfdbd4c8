import { Command, InvalidArgumentError, Option } from 'commander';
import { applyCommand } from './apply-command.ts';
import { FAULTS, type Fault, QUOTA, searchAll } from './bound-search.ts';

interface Options {
  readonly faults: readonly Fault[];
  readonly states: number;
}

/** States between two lines. */
const LINE_EVERY = 1_000_000;

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError(`must be a whole number above 0, received ${text}`);
}

const program = new Command('npm run search --')
  .description(
    'Follows two processes and three slots a second through all that can come, and counts the requests that leave within a second.',
  )
  .addOption(new Option('--faults <kinds...>', 'each comes once, at any moment').choices(FAULTS).default([]))
  .option('--states <count>', 'ends after so many states', parseCount, Number.POSITIVE_INFINITY)
  .action(({ faults, states }: Options) => {
    const found = searchAll(faults, applyCommand, states, reportEvery(LINE_EVERY));
    const end = found.isComplete ? 'No further state can come' : 'Not at its end';
    process.stdout.write(
      `${end}: ${found.states} states, ${found.commands} commands. At most ${found.worst} of ${QUOTA} requests left within a second.\n`,
    );
    if (found.worst > QUOTA) process.exitCode = 1;
  });

function reportEvery(states: number) {
  let next = states;
  return ({ known, worst }: { readonly known: number; readonly worst: number }) => {
    if (known < next) return;
    next = known + states;
    process.stdout.write(`${known} states so far, at most ${worst} within a second.\n`);
  };
}

program.parse();
