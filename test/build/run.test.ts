import { type ExecFileException, execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENTRIES } from '../../build/bundle-program.ts';

const root = join(import.meta.dirname, '../..');
const COPIED = ['build', 'cli', 'client', 'console', 'dev', 'producer', 'sandbox', 'shared', 'worker'];
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const MAIN = 'sandbox/main.ts';

let checkout: string;
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'veriqueue-run-'));
  await Promise.all([
    symlink(join(root, 'node_modules'), join(checkout, 'node_modules')),
    ...[...COPIED, ...FILES].map((name) => cp(join(root, name), join(checkout, name), { recursive: true })),
  ]);
});
afterAll(() => rm(checkout, { recursive: true, force: true }));

/** What `npm run start:sandbox` does. */
function start(...args: readonly string[]) {
  const command = ['--enable-source-maps', 'build/run.js', 'sandbox/main', ...args];
  return new Promise<{ readonly code: ExecFileException['code']; stdout: string; stderr: string }>(
    (resolve) =>
      execFile(process.execPath, command, { cwd: checkout }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      ),
  );
}

const builds = () => readdir(join(checkout, '.data/compiled'));

test('a start compiles what has changed, and only that, and errors name the line of the source', async () => {
  const shows = "console.log('first', process.argv.slice(2).join());\n";
  await writeFile(join(checkout, MAIN), shows);
  // A build that was broken off.
  await mkdir(join(checkout, '.data/compiled/draft-1/sandbox'), { recursive: true });
  await writeFile(join(checkout, '.data/compiled/draft-1/sandbox/main.js'), "console.log('half');\n");

  const compiled = await start('--a', 'b');
  const again = await start();
  expect([compiled, again]).toEqual([
    { code: 0, stdout: 'first --a,b\n', stderr: 'Compiling what has changed …\n' },
    { code: 0, stdout: 'first \n', stderr: '' },
  ]);

  const typed = ['interface Wide {', '  readonly a: 1;', '}', "throw new Error('here') as Wide & Error;"];
  await writeFile(join(checkout, MAIN), typed.join('\n'));
  const failed = await start();
  expect(failed).toMatchObject({ code: 1, stdout: '' });
  expect(failed.stderr).toMatch(/Error: here\n.*sandbox\/main\.ts:4:7/s);

  await writeFile(join(checkout, MAIN), 'const = 1;\n');
  const before = await builds();
  const wrong = await start();
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toContain('sandbox/main.ts:1:6: ERROR');
  // The next start compiles again, and what was made of a faulty source is not kept.
  expect(await builds()).toEqual(before);
}, 120_000);

test('what package.json starts goes this way, and a build holds all of it', async () => {
  const { scripts, bin } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const named = Object.values<string>(scripts).flatMap(
    (line) => /build\/run\.js (\S+)$/.exec(line)?.[1] ?? [],
  );
  const called = /'(\S+)'\);\n.*build\/run\.js/.exec(await readFile(join(root, bin.veriqueue), 'utf8'))?.[1];
  expect([...named, called].toSorted()).toEqual(ENTRIES.toSorted());
});
