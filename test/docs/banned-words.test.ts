import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What .gitignore names, and Git's own folder. */
const UNTRACKED = ['.data', '.DS_Store', '.env', '.git', 'coverage', 'dist', 'node_modules'];

const NO_TEXT = /\.(?:jpg|png|log)$/;

/** A stranger slows down at each of them. "Reported" and "logged" say what a program does. */
const BANNED =
  /\b(?:whoever|anew|mend(?:s|ed|ing)?|lest|in vain|for ever|bears|heeds?|told|tells?|telling|is there|somebody|nobody)\b/gi;

/** The only file that may spell them. Elsewhere, another sentence says it better. */
const ALLOWED = ['test/docs/banned-words.test.ts'];

function* listFiles(folder = ''): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (UNTRACKED.includes(entry.name)) continue;
    if (entry.isDirectory()) yield* listFiles(path);
    else if (entry.isFile() && !NO_TEXT.test(path) && !ALLOWED.includes(path)) yield path;
  }
}

describe('a reader who is new to the project', () => {
  it('meets no word that slows down, in any comment, message, name or page', () => {
    const found = [...listFiles()].flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, i) => (line.match(BANNED) ?? []).map((word) => `${file}:${i + 1} ${word}`)),
    );
    expect(found).toEqual([]);
  });
});
