import { readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';

/** Which files a file mentions by a relative path: its imports, and the Lua it reads. */
const MENTION = /(?:from|import|import\()\s*['"](\.[^'"]+)['"]|['"`/](?:\.\/)?([\w/-]+\.lua)['"`]/g;

/** How one Lua file takes in another. */
const INCLUDE = /^--- @include "([^"]+)"/gm;

/** The tests that run a source file, nearest first. */
export class CoveringTests {
  readonly #importers = new Map<string, Set<string>>();
  readonly #texts = new Map<string, string>();

  /** @param files of the whole checkout, relative to `root` */
  constructor(root: string, files: readonly string[]) {
    const sources = files.filter((file) => /\.tsx?$/.test(file));
    for (const file of sources) this.#texts.set(file, readFileSync(join(root, file), 'utf8'));
    for (const [file, text] of this.#texts) {
      for (const [, path] of text.matchAll(MENTION)) {
        if (path !== undefined) this.#note(normalize(join(dirname(file), path)), file);
      }
    }
    for (const lua of files.filter((file) => file.endsWith('.lua'))) {
      this.#noteReaders(lua);
      for (const [, path = ''] of readFileSync(join(root, lua), 'utf8').matchAll(INCLUDE)) {
        this.#note(normalize(join(dirname(lua), path)), lua);
      }
    }
  }

  /**
   * Test files by the number of imports between them and `file`. Those of the mirrored folder come first, and last those that
   * start whole programs to look at something else.
   *
   * @param file relative to the checkout
   */
  of(file: string): readonly string[] {
    const distances = new Map([[file, 0]]);
    for (const [each, distance] of distances) {
      for (const importer of this.#importers.get(each) ?? []) {
        if (!distances.has(importer)) distances.set(importer, distance + 1);
      }
    }
    const rank = (test: string) =>
      (distances.get(test) ?? 0) +
      (test.startsWith(`test/${dirname(file).replace(/\/scripts.*$/, '')}`) ? 0 : 100) +
      (/^test\/(?:end-to-end|producer|shared|worker)\//.test(test) ? 0 : 1000);
    return [...distances.keys()]
      .filter((each) => each.endsWith('.test.ts'))
      .toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  }

  #note(file: string, importer: string): void {
    const importers = this.#importers.get(file) ?? new Set();
    this.#importers.set(file, importers.add(importer));
  }

  /** A script is read by its file's name, with or without the ending; a fragment by the scripts that include it, too. */
  #noteReaders(lua: string): void {
    const name = basename(lua, '.lua');
    const mention = new RegExp(`['"\`/]${name}(?:\\.lua)?['"\`]`);
    for (const [file, text] of this.#texts) {
      if (!file.endsWith('.test.ts') && /[Ss]cript|\.lua/.test(text) && mention.test(text))
        this.#note(lua, file);
    }
  }
}
