import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../deployment/built-program.ts';
import { type Block, extractBlocks } from './fenced-blocks.ts';

const below = (folder: string, recursive: boolean) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive, encoding: 'utf8' })
        .filter((file) => file.endsWith('.md'))
        .map((file) => join(folder, file))
        .toSorted()
    : [];

const isTranslated = (page: string) => /\.zh(-CN)?\.md$/.test(page);

/** Chinese pages. Their blocks are those of the original, byte for byte, and are carried out there. */
export const translatedPages: readonly string[] = [
  ...below('.', false),
  ...below('docs', false),
  ...below('sandbox', false),
  ...below('examples', true),
  ...below('deploy', true),
].filter(isTranslated);

export const originalOf = (translated: string): string => translated.replace(/\.zh(-CN)?\.md$/, '.md');

/** The pages whose every block is carried out. Those of `docs/decisions` report what was measured once. */
export const pages: readonly string[] = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'sandbox/README.md',
  'samples/README.md',
  ...[...below('docs', false), ...below('examples', true), ...below('deploy', true)].filter(
    (page) => !isTranslated(page),
  ),
];

export const readBlocks = (page: string): readonly Block[] =>
  extractBlocks(page, readFileSync(join(root, page), 'utf8'));
