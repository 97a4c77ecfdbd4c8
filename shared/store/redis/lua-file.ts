import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keyFunction } from '../keys.ts';

/** How many KEYS or ARGV a script takes: `at` of them, or from `at` upwards. */
export interface Arity {
  readonly at: number;
  readonly andMore: boolean;
}

/** A script as its file declares it. */
export interface LuaFile {
  /** The file's name without its extension. */
  readonly name: string;
  readonly keys: Arity;
  readonly args: Arity;
  /** What Redis is sent: the fragments in the places of their includes, without comment lines. */
  readonly lua: string;
}

const INCLUDE = /^--- @include "([^"]+)"$/;
const KEYS_USED = /^--- @keys (\w+(?:, \w+)*)$/;
const COMMENT_LINE = /^\s*--/;

/**
 * Reads a script's file and the fragments that it includes.
 *
 * The head of a script, the comment it begins with, is the one declaration of what it takes: a line `KEYS[1] …` for each
 * key, `ARGV[1] …` for each argument, `ARGV[3..] …` for any number from the third on, then `Reply: …` and `Invariant: …`.
 *
 * `--- @include "fragments/name.lua"`, as in BullMQ, puts another file in its place, found from the file that includes it. A
 * fragment that several files of one script include stands where the first of them wants it.
 *
 * `--- @keys clientIndex, jobLock` puts functions there that complete such keys: `keyFunction` of keys.ts, which alone spells them.
 *
 * Comments are not sent: a script in a MULTI travels as text with every submission.
 *
 * @throws {Error} for a head that is incomplete, and for fragments that include one another; file system errors
 */
export function readLuaFile(url: URL): LuaFile {
  const path = fileURLToPath(url);
  const source = readFileSync(path, 'utf8');
  return { name: basename(path, '.lua'), ...readHead(path, source), lua: expand(url, source, [], new Set()) };
}

function readHead(path: string, source: string): Pick<LuaFile, 'keys' | 'args'> {
  const head = takeHead(source);
  for (const required of ['Reply:', 'Invariant:']) {
    if (!head.some((line) => line.startsWith(required))) {
      throw new Error(`The head of ${path} must have a line that begins with "${required}"`);
    }
  }
  return { keys: countDeclared(path, head, 'KEYS'), args: countDeclared(path, head, 'ARGV') };
}

/** The lines of the comment at the start of a file, without their dashes. */
function takeHead(source: string): string[] {
  const lines = source.split('\n');
  const end = lines.findIndex(
    (line) => !COMMENT_LINE.test(line) || INCLUDE.test(line) || KEYS_USED.test(line),
  );
  return lines.slice(0, end === -1 ? lines.length : end).map((line) => line.replace(/^-+ ?/, ''));
}

function countDeclared(path: string, head: readonly string[], table: 'KEYS' | 'ARGV'): Arity {
  const declared = head.flatMap((line) => {
    const [, name, index, dots] = /^(KEYS|ARGV)\[(\d+)(\.\.)?\]/.exec(line) ?? [];
    return name === table ? [{ index: Number(index), isRest: dots !== undefined }] : [];
  });
  const last = declared.at(-1);
  const isInOrder = declared.every(
    ({ index, isRest }, i) => index === i + 1 && (!isRest || i === declared.length - 1),
  );
  if (!isInOrder) {
    throw new Error(`The head of ${path} must list ${table}[1], ${table}[2] … in their order`);
  }
  if (last === undefined) return { at: 0, andMore: false };
  return last.isRest ? { at: last.index - 1, andMore: true } : { at: last.index, andMore: false };
}

/** @param open the files that are being included now, outermost first */
function expand(url: URL, source: string, open: readonly string[], included: Set<string>): string {
  const chain = [...open, url.href];
  return source
    .split('\n')
    .flatMap((line) => {
      const [, path] = INCLUDE.exec(line) ?? [];
      const [, names] = KEYS_USED.exec(line) ?? [];
      if (names !== undefined) return names.split(', ').flatMap((name) => defineOnce(name, included));
      if (path === undefined) return COMMENT_LINE.test(line) || line.trim() === '' ? [] : [line];
      return includeOnce(new URL(path, url), chain, included);
    })
    .join('\n');
}

function defineOnce(name: string, included: Set<string>): string[] {
  if (included.has(name)) return [];
  included.add(name);
  return [keyFunction(name)];
}

function includeOnce(url: URL, chain: readonly string[], included: Set<string>): string[] {
  if (chain.includes(url.href)) {
    throw new Error(
      `Files must not include one another: ${[...chain, url.href].map((each) => basename(each)).join(' > ')}`,
    );
  }
  if (included.has(url.href)) return [];
  included.add(url.href);
  return [expand(url, readFileSync(url, 'utf8'), chain, included)];
}
