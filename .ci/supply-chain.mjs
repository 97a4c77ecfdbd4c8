// What can be known of the dependencies without asking a registry: node .ci/supply-chain.mjs [FOLDER]
// Judges package.json and package-lock.json, prints one line for each rule, and ends with 1 if one is broken.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const folder = process.argv[2] ?? '.';
const read = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const manifest = read('package.json');
const workspaces = manifest.workspaces ?? [];
const locked = Object.entries(read('package-lock.json').packages);
/** This repository's own packages, and the links to them, come from no registry. */
const isOwn = (path, { link, resolved }) => ['', ...workspaces].includes(link ? resolved : path);
const entries = locked.filter(([path, entry]) => !isOwn(path, entry));
const own = locked.filter(([path, entry]) => workspaces.includes(path) && !entry.link);

const GROUPS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'overrides'];
const LICENSES = [
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
];
/** Its terms hold for its own files. Nothing of it is shipped. */
const DEVELOPMENT_LICENSES = ['MPL-2.0'];
/** They ask for a newer Node.js than they need: tests run them on the oldest one. Nothing of them is shipped. */
const RUN_ON_OLDEST_NODE = ['lua-redis-wasm'];
/** They have install scripts and work without. package.json denies each, so that npm neither runs nor asks for one. */
const WORK_WITHOUT_SCRIPTS = ['esbuild', 'msgpackr-extract', 'protobufjs'];

const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
const pathsWhere = (isBroken) =>
  entries.filter(([path, entry]) => isBroken(entry, path)).map(([path]) => path);

/** Anything but versions: git, URLs, files and aliases bypass the registry or its names. */
const isForeign = (spec) => !/^(?:[\d\s.^~<>=|x*-]|alpha|beta|rc)+$/.test(spec);
const foreignSpecs = (owner, groups) =>
  groups.flatMap((group) => Object.entries(owner[group] ?? {}).filter(([, spec]) => isForeign(spec)));

const parse = (version) => version.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : null));

/** -1, 0 or 1; parts that a partial version leaves out are as given in `missing`. */
function compare(left, right, missing = 0) {
  for (let i = 0; i < 3; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? missing);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

function satisfies(version, comparator) {
  const [, operator, text] = /^(>=|<=|>|<|\^|~|=|)(.*)$/.exec(comparator);
  const [bound, isAt] = [
    parse(text),
    (parts) =>
      parse(text)
        .slice(0, parts)
        .every((n, i) => n === null || n === version[i]),
  ];
  switch (operator) {
    case '>=':
      return compare(version, bound) >= 0;
    case '>':
      return compare(version, bound) > 0;
    case '<':
      return compare(version, bound) < 0;
    case '<=':
      return compare(version, bound, Number.POSITIVE_INFINITY) <= 0;
    case '^':
      return compare(version, bound) >= 0 && isAt(1);
    case '~':
      return compare(version, bound) >= 0 && isAt(2);
    default:
      return isAt(3);
  }
}

const admits = (range, version) =>
  range.split('||').some((set) =>
    set
      .replace(/([<>=~^])\s+/g, '$1')
      .trim()
      .split(/\s+/)
      .every((each) => satisfies(version, each)),
  );

const oldestNode = parse(/\d[\d.]*/.exec(manifest.engines.node)[0]);

const rules = [
  ['every package is fixed by a SHA-512', pathsWhere(({ integrity }) => !integrity?.startsWith('sha512-'))],
  [
    'no package comes from an address of its own',
    pathsWhere(({ resolved, link }) => resolved !== undefined || link),
  ],
  [
    'every dependency is named by version',
    [
      ...foreignSpecs(manifest, GROUPS).map(([name]) => name),
      ...pathsWhere((entry) => foreignSpecs(entry, GROUPS).length > 0),
    ],
  ],
  [
    'the client has no dependency',
    own.filter(([, entry]) => GROUPS.some((group) => entry[group] !== undefined)).map(([path]) => path),
  ],
  [
    `no package has an install script but ${WORK_WITHOUT_SCRIPTS.join(', ')}, which work without`,
    pathsWhere(
      ({ hasInstallScript }, path) => hasInstallScript && !WORK_WITHOUT_SCRIPTS.includes(nameOf(path)),
    ),
  ],
  [
    'package.json denies exactly these install scripts',
    isDeepStrictEqual(
      manifest.allowScripts ?? {},
      Object.fromEntries(WORK_WITHOUT_SCRIPTS.map((name) => [name, false])),
    )
      ? []
      : ['allowScripts'],
  ],
  [
    'every licence is a permissive one; one that is not is for development only',
    pathsWhere(
      ({ license, dev }) =>
        !(license ?? '')
          .split(' OR ')
          .some((each) => LICENSES.includes(each) || (dev && DEVELOPMENT_LICENSES.includes(each))),
    ),
  ],
  [
    `every package admits Node.js ${oldestNode.join('.')}, the oldest one of package.json; for development, what runs on it may not`,
    pathsWhere(
      ({ engines, dev }, path) =>
        engines?.node !== undefined &&
        !admits(engines.node, oldestNode) &&
        !(dev && RUN_ON_OLDEST_NODE.includes(nameOf(path))),
    ),
  ],
];

for (const [rule, broken] of rules) {
  const verdict = broken.length === 0 ? 'holds' : 'BROKEN';
  process.stdout.write(`${[`${verdict}: ${rule}`, ...broken].join('\n  ')}\n`);
}
process.exitCode = rules.some(([, broken]) => broken.length > 0) ? 1 : 0;
