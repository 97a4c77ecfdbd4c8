import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where every comment, message and page is free of these words. More folders follow as they become so. */
const CLEAN = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'README.md',
  'SECURITY.md',
  'bench',
  'bin',
  'build',
  'cli',
  'client',
  'console',
  'deploy',
  'dev',
  'docs',
  'examples',
  'producer',
  'samples',
  'sandbox',
  'shared',
  'worker',
];

/** A stranger slows down at each of them. "Reported" and "logged" say what a program does. */
const BANNED =
  /\b(?:whoever|anew|mend(?:s|ed|ing)?|lest|in vain|for ever|bears|heeds?|told|tells?|telling|is there|somebody|nobody)\b/gi;

/** Where one of them is meant literally. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {};

function listFiles(path: string): string[] {
  if (/\.[a-z]+$/.test(path)) return [path];
  const entries = readdirSync(join(root, path), { recursive: true, withFileTypes: true });
  return entries
    .filter(
      (entry) => entry.isFile() && /\.(?:m?tsx?|mjs|js|md|css|html|lua|sh|ya?ml|json|conf)$/.test(entry.name),
    )
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

describe('a reader who is new to the project', () => {
  it('meets no word that slows down, in comments, messages and pages', () => {
    const found = CLEAN.flatMap(listFiles).flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, i) =>
          (line.match(BANNED) ?? [])
            .filter((word) => !ALLOWED[file]?.includes(word.toLowerCase()))
            .map((word) => `${file}:${i + 1} ${word}`),
        ),
    );
    expect(found).toEqual([]);
  });
});
