import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openJournal } from '../../../cli/batch/journal.ts';
import type { JournalEntry } from '../../../cli/batch/journal-entry.ts';
import { makePerson } from '../../support/person.ts';

let folder: string;
let path: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-journal-'));
});
beforeEach(() => {
  count += 1;
  path = join(folder, `${count}.journal`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const NOW = 1_750_000_000_000;
const ID = 'ver_01jd000000000000000000000a';
const open = (apiKey = 'vq_one', trustInput = false) =>
  openJournal({ path, apiKey, trustInput, now: () => NOW });
const digest = 'AAECAwQFBgc';
const story: readonly JournalEntry[] = [
  ['trying', 2, digest, NOW],
  ['trying', 3, digest, NOW + 1],
  ['accepted', 2, ID, NOW, 'order-1'],
  ['refused', 3],
  ['trying', 5_000, digest, NOW + 2],
];

async function readAll(entries: AsyncIterable<JournalEntry>): Promise<JournalEntry[]> {
  const all: JournalEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

async function writeStory(): Promise<void> {
  const journal = await open();
  await Promise.all(story.map((entry) => journal.note(entry)));
  await journal.close();
}

describe('a journal', () => {
  it('knows what became of each row when it is opened again', async () => {
    await writeStory();
    const { book, isResumed, batch, identity, close, entries } = await open();
    expect(isResumed).toBe(true);
    expect([2, 3, 4, 5_000, 9_999].map((line) => book.stateOf(line))).toEqual([
      'accepted',
      'untouched',
      'untouched',
      'trying',
      'untouched',
    ]);
    expect([book.accepted, book.touched, book.final, book.triedAt(5_000)]).toEqual([1, 2, 0, NOW + 2]);
    expect(book.isUnchanged(2, Buffer.from(digest, 'base64url'))).toBe(true);
    expect(book.isUnchanged(2, Buffer.alloc(8))).toBe(false);
    expect(identity.idempotencyKeyOf(2)).toBe(`batch/${batch}/2`);
    expect(await readAll(entries())).toEqual(story);
    await close();
  });

  it('loses nothing but the line that was being written, wherever that was cut off', async () => {
    await writeStory();
    const whole = await readFile(path);
    for (let length = whole.length - 1; length > 0; length -= 7) {
      await writeFile(path, whole);
      await truncate(path, length);
      const complete = whole.subarray(0, length).toString().split('\n').length - 1;
      const journal = await open();
      const known = await readAll(journal.entries());
      expect(known).toEqual(story.slice(0, Math.max(0, complete - 1)));
      await journal.note(['refused', 77]);
      await journal.close();
      const again = await open();
      expect(await readAll(again.entries())).toEqual([...known, ['refused', 77]]);
      await again.close();
    }
  });

  it('is refused when it is damaged in the middle, another file, or of another API key', async () => {
    await writeStory();
    await expect(open('vq_two')).rejects.toThrow(/begun with another API key/);
    await (await open('vq_two', true)).close();
    await appendFile(path, 'nonsense\n["refused",4]\n');
    await expect(open()).rejects.toThrow(/damaged at line 7$/);
    for (const other of ['idCard,name\n', 'x', '{"journal":"another"}\n']) {
      await writeFile(path, other);
      await expect(open()).rejects.toThrow(/is not the journal of a batch$/);
      expect(await readFile(path, 'utf8')).toBe(other);
    }
  });

  it('distinguishes rows by every field, and by the API key, which it does not hold', async () => {
    const journal = await open();
    const row = { ...makePerson(), photo: 'a.jpg', priority: 'bulk' as const };
    const changes = [{}, { name: '测试乙' }, { photo: 'b.jpg' }, { reference: 'x' }, { extra: 'x' }];
    const digests = changes.map((change) =>
      journal.identity.digestRow({ ...row, ...change }).toString('hex'),
    );
    expect(new Set(digests).size).toBe(changes.length);
    await journal.close();
    expect(await readFile(path, 'utf8')).not.toContain('vq_one');
  });
});
