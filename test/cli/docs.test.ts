import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandModules } from '../../cli/command-modules.ts';
import type { CliContext } from '../../cli/context.ts';
import { buildProgram } from '../../cli/program.ts';

const docs = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const examples = docs
  .split('\n')
  .flatMap((line) => /^ *veriqueue (.+?)(?: \| .*| > \S+)?$/.exec(line)?.[1] ?? []);

/** `usage` has work of its own, and a command below it. */
const hasWork = (command: Command) => command.commands.length === 0 || command.name() === 'usage';

/** The program with every command's work taken out: parsing is all that happens. */
async function parseOnly(args?: readonly string[]): Promise<{ program: Command; reached: string[] }> {
  const reached: string[] = [];
  const program = await buildProgram(() => ({}) as CliContext, args);
  const empty = (command: Command, path: string): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    for (const child of command.commands) empty(child, `${path} ${child.name()}`.trim());
    if (hasWork(command)) command.action(() => void reached.push(path));
  };
  empty(program, '');
  return { program, reached };
}

const listCommands = (command: Command, path = ''): string[] => [
  ...(hasWork(command) ? [path] : []),
  ...command.commands.flatMap((child) => listCommands(child, `${path} ${child.name()}`.trim())),
];

const words = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

describe('docs/cli.md', () => {
  it.each(examples)('shows a command that parses: %s', async (example) => {
    const { program, reached } = await parseOnly(words(example));
    await program.parseAsync(words(example), { from: 'user' });
    expect(reached).toHaveLength(1);
  });

  it('shows every command there is', async () => {
    const shown = new Set<string>();
    for (const example of examples) {
      const { program, reached } = await parseOnly();
      await program.parseAsync(words(example), { from: 'user' });
      for (const path of reached) shown.add(path);
    }
    expect([...shown].sort()).toEqual(listCommands((await parseOnly()).program).sort());
  });
});

describe('the module of a command', () => {
  it.each([...commandModules.keys()])('has the name that the command has: %s', async (name) => {
    const add = await commandModules.get(name)?.();
    const program = new Command();
    add?.(program, {} as CliContext);
    expect(program.commands.map((command) => command.name())).toEqual([name]);
  });

  it.each([
    [['--profile', 'get', '--json', 'client', 'list'], ['client']],
    [['--profile=get', 'get', 'ver_1'], ['get']],
    [['help', 'get'], [...commandModules.keys()]],
    [['--help'], [...commandModules.keys()]],
    [['cleint'], [...commandModules.keys()]],
    [['constructor'], [...commandModules.keys()]],
    [['completion', 'bash'], [...commandModules.keys()]],
  ])('is all that is loaded for it: %s', async (args, names) => {
    const { program } = await parseOnly(args);
    expect(program.commands.map((command) => command.name())).toEqual(names);
  });
});

describe('bin/veriqueue.js', () => {
  it('runs from any folder', async () => {
    const bin = fileURLToPath(new URL('../../bin/veriqueue.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [bin, '--help'], { cwd: '/' });
    expect(stdout).toMatch(/^Usage: veriqueue /);
  });
});
