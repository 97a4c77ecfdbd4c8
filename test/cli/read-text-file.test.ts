import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readTextLines } from '../../cli/read-text-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'lines-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function collect(path: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readTextLines(path)) lines.push(line);
  return lines;
}

describe('the lines of a file', () => {
  test('come without a byte order mark, and the last one also without its end', async () => {
    expect(await collect(write('whole', '\uFEFFone\n\ntwo'))).toEqual(['one', '', 'two']);
  });

  test('come before the file ends, which may be longer than a text can be', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const lines = readTextLines(path);
    const reading = lines.next();
    const writer = await open(path, 'w');
    await writer.write('one\n');
    expect(await reading).toEqual({ done: false, value: 'one' });
    await writer.close();
    expect(await lines.next()).toMatchObject({ done: true });
  });

  test('are not longer than a million characters', async () => {
    const path = write('long', `one\n${'x'.repeat(3 * 1024 * 1024)}`);
    await expect(collect(path)).rejects.toThrow(`Line 2 of ${path} is longer than 1048576 characters`);
  });

  test('come from a file that exists', async () => {
    const path = join(folder, 'absent');
    await expect(collect(path)).rejects.toThrow(`Cannot read ${path}: ENOENT`);
  });
});
