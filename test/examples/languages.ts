import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildClient } from '../../client/build/build-client.ts';
import { root } from '../deployment/built-program.ts';
import { findOutsideTool } from '../support/outside-tool.ts';

const run = promisify(execFile);

/** A program and its first arguments. */
export type Command = readonly [string, ...string[]];

export interface Example {
  readonly language: string;
  readonly isPresent: boolean;
  /** Compiles what needs it. @param folder an empty one */
  prepare(folder: string): Promise<void>;
  /** Takes the form, ID number, name, photo and reference. */
  submit(folder: string): Command;
  receive(folder: string, port: number): Command;
}

const python = findOutsideTool('python3', ['--version'], 'apt-get install python3');
const javac = findOutsideTool('javac', ['-version'], 'apt-get install default-jdk-headless');
const go = findOutsideTool('go', ['version'], 'apt-get install golang-go');
const php = findOutsideTool('php', ['--version'], 'apt-get install php-cli');

const example = (path: string) => join(root, 'examples', path);
const nothing = async () => undefined;

export const examples: readonly Example[] = [
  {
    language: 'TypeScript',
    isPresent: true,
    prepare: async (folder) => {
      const client = join(folder, 'node_modules/@veriqueue/client');
      await mkdir(client, { recursive: true });
      await copyFile(join(root, 'client/package.json'), join(client, 'package.json'));
      await buildClient(join(client, 'dist'));
      await cp(example('typescript'), folder, { recursive: true });
    },
    submit: (folder) => ['node', '--import', import.meta.resolve('tsx'), join(folder, 'submit.mts')],
    receive: (folder) => ['node', '--import', import.meta.resolve('tsx'), join(folder, 'receive.mts')],
  },
  {
    language: 'Python',
    isPresent: python.isPresent,
    prepare: nothing,
    submit: () => ['python3', example('python/submit.py')],
    receive: () => ['python3', example('python/receive.py')],
  },
  {
    language: 'Java',
    isPresent: javac.isPresent,
    prepare: async (folder) => {
      const sources = ['Submit', 'Receive'].map((name) => example(`java/${name}.java`));
      await run('javac', ['-Xlint:all', '-Werror', '-encoding', 'UTF-8', '-d', folder, ...sources]);
    },
    submit: (folder) => ['java', '-Dfile.encoding=UTF-8', '-cp', folder, 'Submit'],
    receive: (folder) => ['java', '-Dfile.encoding=UTF-8', '-cp', folder, 'Receive'],
  },
  {
    language: 'Go',
    isPresent: go.isPresent,
    prepare: async (folder) => {
      const env = {
        ...process.env,
        GOCACHE: join(folder, 'cache'),
        GOFLAGS: '-mod=mod',
        GOTOOLCHAIN: 'local',
      };
      await run('go', ['vet', './...'], { cwd: example('go'), env });
      await run('go', ['build', '-o', `${folder}/`, './...'], { cwd: example('go'), env });
    },
    submit: (folder) => [join(folder, 'submit')],
    receive: (folder) => [join(folder, 'receive')],
  },
  {
    language: 'PHP',
    isPresent: php.isPresent,
    prepare: nothing,
    submit: () => ['php', example('php/submit.php')],
    receive: (_folder, port) => ['php', '-S', `127.0.0.1:${port}`, example('php/receive.php')],
  },
];
