import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shells } from '../../cli/completion/completion-script.ts';
import { findOutsideTool } from '../support/outside-tool.ts';
import { runCli } from './run-cli.ts';

const bash = findOutsideTool('bash', ['--version'], 'apt-get install bash');
const zsh = findOutsideTool('zsh', ['--version'], 'apt-get install zsh');
const fish = findOutsideTool('fish', ['--version'], 'apt-get install fish');

let folder: string;
const fileOf = (shell: string) => join(folder, `veriqueue.${shell}`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-completion-'));
  for (const shell of shells) {
    const { code, stdout } = await runCli(['completion', shell], {});
    expect(code).toBe(0);
    await writeFile(fileOf(shell), stdout);
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** What bash offers for a line, of which the last word is being typed. */
async function offerInBash(...words: string[]): Promise<string[]> {
  const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _veriqueue; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', fileOf('bash'), ...words]);
  return stdout.split('\n').filter((line) => line !== '');
}

async function offerInFish(line: string): Promise<string[]> {
  const script = 'source $argv[1]; complete -C $argv[2]';
  const { stdout } = await promisify(execFile)('fish', ['-c', script, fileOf('fish'), line]);
  return stdout.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0] ?? '']));
}

describe.skipIf(!bash.isPresent)('the completion for bash', () => {
  it('offers commands, those below them, options and the words an option takes', async () => {
    expect(await offerInBash('veriqueue', 'endp')).toEqual(['endpoints']);
    expect(await offerInBash('veriqueue', 'endpoints', '')).toEqual(['list', 'hold', 'enable']);
    expect(await offerInBash('veriqueue', '--json', 'endpoints', 'ho')).toEqual(['hold']);
    expect(await offerInBash('veriqueue', 'endpoints', 'hold', '--')).toEqual(
      expect.arrayContaining(['--yes', '--dry-run', '--json', '--profile']),
    );
    expect(await offerInBash('veriqueue', 'deliveries', 'list', '--status', '')).toEqual([
      'held',
      'dead',
      'retrying',
    ]);
    expect(await offerInBash('veriqueue', 'completion', '')).toEqual([...shells]);
  });

  it('leaves files to the shell, and offers no hidden option', async () => {
    expect(await offerInBash('veriqueue', 'submit', '--from', '')).toEqual([]);
    expect(await offerInBash('veriqueue', 'listen', '--secret')).toEqual(['--secret-file']);
  });
});

describe.skipIf(!fish.isPresent)('the completion for fish', () => {
  it('offers commands, those below them, and the words an option takes', async () => {
    expect(await offerInFish('veriqueue endp')).toEqual(['endpoints']);
    expect((await offerInFish('veriqueue endpoints ')).sort()).toEqual(['enable', 'hold', 'list']);
    expect((await offerInFish('veriqueue deliveries list --status ')).sort()).toEqual([
      'dead',
      'held',
      'retrying',
    ]);
  });
});

describe.skipIf(!zsh.isPresent)('the completion for zsh', () => {
  it('is a script that zsh takes', async () => {
    expect(await zsh.run(['-n', fileOf('zsh')])).toEqual({ code: 0, output: '' });
  });

  it('offers the commands of a level', async () => {
    // What zsh would show, by the functions of its completion system that the script calls.
    const script = `
      compdef() { :; }; _files() { print files; }; _message() { print message; }; compadd() { shift; print -l -- "$@"; }
      _describe() { local name=$2; [[ $1 == -o ]] && name=$3; print -l -- "\${(@P)name}"; }
      file=$1; shift; words=("$@"); CURRENT=$#
      source $file; _veriqueue`;
    const offer = async (...words: string[]) => {
      const { output } = await zsh.run(['-f', '-c', script, 'zsh', fileOf('zsh'), ...words]);
      return output.split('\n').flatMap((line) => (line === '' ? [] : [line.split(':')[0] ?? '']));
    };
    expect(await offer('veriqueue', 'endpoints', '')).toEqual(['list', 'hold', 'enable']);
    expect(await offer('veriqueue', 'deliveries', 'list', '--status', '')).toEqual([
      'held',
      'dead',
      'retrying',
    ]);
    expect(await offer('veriqueue', 'endpoints', 'hold', '--')).toContain('--dry-run');
    expect(await offer('veriqueue', 'submit', '')).toEqual(['files']);
  });
});

describe('veriqueue --version', () => {
  it('prints the version of the package', async () => {
    const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;
    expect(await runCli(['--version'], {})).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});
