import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './built-program.ts';

export const readDocument = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The documents whose statements are held against the code. */
export const documents: readonly string[] = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
  ...readdirSync(join(root, 'docs/decisions')).map((file) => `docs/decisions/${file}`),
];

/** The fenced blocks of one language, in order. */
export function codeBlocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block = '']) => block,
  );
}

/** The text under a heading, up to the next one of its level. */
export function section(text: string, heading: string): string {
  const [, after = ''] = text.split(`\n${heading}\n`);
  const level = /^#+/.exec(heading)?.[0] ?? '#';
  return after.split(`\n${level} `)[0] ?? '';
}

/** The cells of every row of the first table in a text, the header left out. */
export function tableRows(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith('| ---'));
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Every TypeScript file of some folders as one text. */
export function readSources(...folders: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => readDocument(join(folder, file))),
    )
    .join('\n');
}
