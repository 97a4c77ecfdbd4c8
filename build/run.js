import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import * as module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * `node --enable-source-maps build/run.js dev/start/main`: runs an entry of the program compiled, and compiles it first when a source
 * has changed since. From TypeScript, through tsx, the four programs of `npm start` take twice the processor time to load. JavaScript itself, because
 * loading tsx is a part of what it saves.
 */

const root = join(import.meta.dirname, '..');
const builds = join(root, '.data/compiled');

/** What a build is made from. */
const FOLDERS = ['build', 'cli', 'client', 'console', 'dev', 'producer', 'sandbox', 'shared', 'worker'];
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const IS_SOURCE = /\.(?:tsx?|lua|css|html|json)$/;

/** Builds that stay: a process of an earlier one may still load a file of it, and branches are changed to and fro. */
const KEPT_BUILDS = 5;

/** Codes of errors in a checkout that this user may not write to. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS']);

const entry = process.argv[2];
if (entry === undefined) throw new Error('Cannot run: name an entry, such as worker/main');
const build = findBuild();
const file = build === null ? join(root, `${entry}.ts`) : join(build, `${entry}.js`);
// What runs sees the arguments that follow its own name, as if it had been started itself.
process.argv.splice(1, 2, file);
if (build === null) (await import('tsx/esm/api')).register();
else keepCompiledCode(build);
// The command line is started without the option.
process.setSourceMapsEnabled(true);
await import(pathToFileURL(file).href);

/**
 * The folder of a build of the sources as they are now. Its name says which sources it was made from, and it gets that name when it is
 * whole: a build that was broken off is never taken for one.
 *
 * @returns null when the checkout cannot be written to: the sources run through tsx
 */
function findBuild() {
  for (;;) {
    const stamp = stampSources();
    const folder = join(builds, stamp);
    if (existsSync(folder)) return use(folder);
    try {
      mkdirSync(builds, { recursive: true, mode: 0o700 });
      accessSync(builds, constants.W_OK);
    } catch (error) {
      if (READ_ONLY.has(error.code)) return null;
      throw error;
    }
    const draft = join(builds, `draft-${randomUUID()}`);
    compile(draft, folder);
    // What was saved meanwhile may or may not be in it.
    if (stampSources() === stamp) nameBuild(draft, folder);
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Changes with any source that is added, removed, moved or saved, and with the place of the checkout, which a build holds. */
function stampSources() {
  const hash = createHash('sha256').update(`${root}\n`);
  for (const path of [...FILES, ...FOLDERS.flatMap(listSources)]) {
    // An editor may take a file away for a moment, to save it.
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    hash.update(`${path} ${stat?.size} ${stat?.mtimeMs} ${stat?.ctimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}

/** @param {string} folder */
function listSources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((one) => {
    const path = join(folder, one.name);
    if (one.isDirectory()) return ['node_modules', 'dist'].includes(one.name) ? [] : listSources(path);
    return IS_SOURCE.test(one.name) ? [path] : [];
  });
}

/**
 * @param {string} draft
 * @param {string} folder the name that the draft is going to get
 */
function compile(draft, folder) {
  process.stderr.write('Compiling what has changed …\n');
  const args = ['--import', 'tsx', 'build/compile-checkout.ts', draft, folder];
  const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error !== undefined) throw error;
  if (status === 0) return;
  rmSync(draft, { recursive: true, force: true });
  process.exit(1);
}

/**
 * Another process may have been as far at the same time: then its build stays.
 *
 * @param {string} draft
 * @param {string} folder
 */
function nameBuild(draft, folder) {
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
  removeOldBuilds();
}

/** @param {string} folder */
function use(folder) {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
  } catch (error) {
    if (!READ_ONLY.has(error.code)) throw error;
  }
  return folder;
}

/** Drafts that were broken off among them; one that is being made is younger than all that go. */
function removeOldBuilds() {
  const found = readdirSync(builds)
    .map((name) => join(builds, name))
    // Another process may have given its draft a name since.
    .map((path) => ({ path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedAt - a.usedAt);
  for (const { path } of found.slice(KEPT_BUILDS)) rmSync(path, { recursive: true, force: true });
}

/**
 * V8's code of all modules, for this process and those it starts: from Node.js 22.1 on, and only where this user may write. It goes with
 * the build, because the code of a module is kept by its path.
 *
 * @param {string} build
 */
function keepCompiledCode(build) {
  const folder = join(build, 'code-cache');
  module.enableCompileCache?.(folder);
  process.env['NODE_COMPILE_CACHE'] ??= folder;
}
