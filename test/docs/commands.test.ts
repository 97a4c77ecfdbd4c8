import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../cli/context.ts';
import { buildProgram } from '../../cli/program.ts';
import { problemHelp } from '../../shared/contract/problem-help.ts';
import { root } from '../deployment/built-program.ts';
import { pages, translatedPages } from './pages.ts';

const program = await buildProgram(() => ({}) as CliContext);

/** What stands between backticks and calls the command line; a span may go on in the next line. */
const mentionsOf = (text: string): readonly string[] =>
  [...text.matchAll(/`(?:npx )?veriqueue\s+([^`]+)`/g)].map(([, call = '']) => call.replace(/\s+/g, ' '));

/** Why a reader cannot call it so; null when they can. A command without its arguments is a mention of it. */
function findFault(call: string): string | null {
  const words = call.split(' ').filter((word) => !/^([….]+|\[.*\])$/.test(word));
  let command: Command = program;
  const flags = new Map<string, boolean>();
  const learn = ({ options }: Command) => {
    for (const { long, required, optional } of options) if (long) flags.set(long, required || optional);
  };
  learn(command);
  while (command.commands.length > 0 && words[0] !== undefined && !words[0].startsWith('-')) {
    const child = command.commands.find((each) => each.name() === words[0]);
    if (child === undefined) return `no command "${words[0]}"`;
    command = child;
    learn(command);
    words.shift();
  }
  return findWrongArguments(command, words, flags);
}

function findWrongArguments(
  { registeredArguments }: Command,
  words: readonly string[],
  flags: ReadonlyMap<string, boolean>,
): string | null {
  let given = 0;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('--')) {
      given += 1;
      continue;
    }
    // commander prints these by itself.
    if (word === '--help' || word === '--version') continue;
    const takesValue = flags.get(word);
    if (takesValue === undefined) return `no option ${word}`;
    if (takesValue && words[at + 1]?.startsWith('--') === false) at += 1;
  }
  const needed = registeredArguments.filter(({ required }) => required).length;
  const isOpen = registeredArguments.some(({ variadic }) => variadic);
  if (given > 0 && given < needed) return `${needed} arguments are needed`;
  return given > registeredArguments.length && !isOpen ? 'too many arguments' : null;
}

const faultsOf = (text: string) =>
  mentionsOf(text).flatMap((call) => {
    const fault = findFault(call);
    return fault === null ? [] : [`veriqueue ${call}: ${fault}`];
  });

describe('a command that a text names exists, with its options and arguments', () => {
  it.each([...pages, ...translatedPages])('in %s', (page) => {
    expect(faultsOf(readFileSync(join(root, page), 'utf8'))).toEqual([]);
  });

  it.each(Object.entries(problemHelp))('in the help about %s', (_code, { meaning, action }) => {
    expect(faultsOf(`${meaning} ${action}`)).toEqual([]);
  });

  it('and one that does not is found', () => {
    const text =
      '`npx veriqueue client update`, `veriqueue client show <client> <origin>`, `veriqueue client set c --wait 3`';
    expect(faultsOf(text)).toEqual([
      'veriqueue client update: no command "update"',
      'veriqueue client show <client> <origin>: too many arguments',
      'veriqueue client set c --wait 3: no option --wait',
    ]);
  });
});
