import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { laneOverview } from '../../shared/contract/lane.ts';
import { deliveryStatus } from '../../shared/contract/verification.ts';
import { verificationStatuses } from '../../shared/contract/verification-status.ts';
import { StoredEndpointHealth } from '../../shared/store/endpoints/endpoint-health.ts';
import { accountKeys, storeKeys } from '../../shared/store/keys.ts';
import { spellOwnKeys } from '../support/own-keys.ts';
import { codeBlocks, documents, readDocument, readSources, section, tableRows } from './documents.ts';

const architecture = readDocument('docs/ARCHITECTURE.md');
const operations = readDocument('docs/operations.md');

const inBackticks = (text: string) =>
  [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
const unique = (names: readonly string[]) => [...new Set(names)].toSorted();
const firstColumn = (text: string) => tableRows(text).flatMap(([cell = '']) => inBackticks(cell));

describe('docs/ARCHITECTURE.md', () => {
  const withoutNames = (key: string) => key.replace(/<[^>]+>/g, '…');

  it('lists the keys of a lane and of its first account, all of them and no other', () => {
    const made = [storeKeys('<lane>'), accountKeys('<lane>')].flatMap((keys) =>
      spellOwnKeys(keys, '<a>', '<b>'),
    );
    const listed = firstColumn(section(architecture, '## Redis'));
    expect(unique(listed.map(withoutNames))).toEqual(unique(made.map(withoutNames)));
  });

  it.each([
    { heading: '### A verification', statuses: verificationStatuses },
    { heading: '### A delivery', statuses: deliveryStatus.options },
    { heading: '### An account', statuses: laneOverview.shape.status.options },
    {
      heading: '### An endpoint',
      statuses: StoredEndpointHealth.options.map(({ shape }) => shape.status.value),
    },
  ])('lists every status under $heading, and no other', ({ heading, statuses }) => {
    expect(unique(firstColumn(section(architecture, heading)))).toEqual(unique(statuses));
  });

  it('names files that exist', () => {
    const named = inBackticks(architecture).filter((name) => /^[a-z]+\/.*\.(?:ts|lua|md)$/.test(name));
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
  });

  it('shows every folder with code, and none that is not there', () => {
    const [picture = ''] = codeBlocks(section(architecture, '## The folders'), 'text');
    const shown = listTree(picture);
    expect(shown.filter((folder) => !existsSync(folder))).toEqual([]);
    const inside = ['cli', 'producer', 'shared', 'shared/account', 'shared/store', 'worker'];
    const folders = [...listFolders('.').filter(holdsCode), ...inside.flatMap(listFolders)];
    expect(shown).toEqual(expect.arrayContaining(folders));
  });

  it('explains 25 words at most, each once', () => {
    const words = tableRows(section(architecture, '## Words')).map(([word]) => word);
    expect(words.length).toBeLessThanOrEqual(25);
    expect(unique(words.map(String))).toHaveLength(words.length);
  });

  it('walks through one verification in ten steps', () => {
    expect(tableRows(section(architecture, '## The way of one verification'))).toHaveLength(10);
  });
});

/** Paths of a picture in which a folder is indented by two spaces below the one that holds it. */
function listTree(picture: string): readonly string[] {
  const path: string[] = [];
  return [...picture.matchAll(/^((?: {2})*)([\w-]+)\/ /gm)].map(([, indent = '', name = '']) => {
    path.splice(indent.length / 2, path.length, name);
    return path.join('/');
  });
}

function listFolders(parent: string): readonly string[] {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => (parent === '.' ? name : `${parent}/${name}`));
}

/** What programs make or hide is not meant. */
const holdsCode = (folder: string) =>
  !/^(?:\.|node_modules$|dist$|coverage$)/.test(folder) &&
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((file) => file.endsWith('.ts'));

describe('docs/operations.md', () => {
  it('lists every metric, and no other', () => {
    const made = [
      ...readSources('producer', 'worker', 'shared', 'cli').matchAll(/name: '(veriqueue_\w+)'/g),
    ].map(([, name]) => name);
    const listed = firstColumn(section(operations, '## Metrics')).map((name) => name.replace(/\{.*\}/, ''));
    expect(unique(listed)).toEqual(unique(made.map(String)));
  });

  it('lists every event of the log, and no other', () => {
    const logged = [...readSources('producer', 'worker', 'shared', 'dev').matchAll(/\bevent: '(\w+)'/g)].map(
      ([, name]) => name,
    );
    const listed = firstColumn(section(operations, '## Log events'));
    expect(unique(listed)).toEqual(unique(logged.map(String)));
  });
});

describe('the decisions', () => {
  const files = documents.filter((path) => path.startsWith('docs/decisions/'));

  it('are numbered without a gap', () => {
    const numbers = files.map((path) => Number(/(\d{4})-/.exec(path)?.[1]));
    expect(numbers).toEqual(files.map((_, index) => index + 1));
  });

  it.each(files)('say what, why, what follows and what was rejected: %s', (path) => {
    const text = readDocument(path);
    for (const part of ['Context', 'Decision', 'Consequences', 'Rejected'])
      expect(text).toContain(`**${part}.**`);
  });
});

describe('CONTRIBUTING.md', () => {
  it('is read in a minute', () => {
    expect(readDocument('CONTRIBUTING.md').split('\n').length).toBeLessThanOrEqual(40);
  });
});
