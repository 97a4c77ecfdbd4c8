import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deliveryStatus } from '../../shared/contract/verification.ts';
import { verificationStatuses } from '../../shared/contract/verification-status.ts';
import { accountKeys, laneKeys } from '../../shared/store/keys.ts';
import { documents, readDocument, readSources, section, tableRows } from './documents.ts';

const architecture = readDocument('docs/ARCHITECTURE.md');
const operations = readDocument('docs/operations.md');

const inBackticks = (text: string) =>
  [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
const unique = (names: readonly string[]) => [...new Set(names)].toSorted();
const firstColumn = (text: string) => tableRows(text).flatMap(([cell = '']) => inBackticks(cell));

describe('docs/ARCHITECTURE.md', () => {
  const withoutNames = (key: string) => key.replace(/<[^>]+>/g, '…');

  it('lists the keys of a lane and of its first account, all of them and no other', () => {
    const makers = { ...laneKeys('<lane>'), ...accountKeys('<lane>') };
    const made = Object.entries(makers).flatMap(([name, make]) =>
      typeof make === 'function' && name !== 'indexPrefix' && name !== 'jobKey'
        ? [(make as (...names: string[]) => string)('<a>', '<b>')]
        : [],
    );
    const listed = firstColumn(section(architecture, '## Redis'));
    expect(unique(listed.map(withoutNames))).toEqual(unique(made.map(withoutNames)));
  });

  it('lists every status of a verification', () => {
    const listed = firstColumn(section(architecture, '## States'));
    expect(unique(listed)).toEqual(unique(verificationStatuses));
  });

  it('lists every status of a delivery', () => {
    const table = section(architecture, '## States').split('\n| delivery ')[1] ?? '';
    const told = firstColumn(table);
    expect(unique(told)).toEqual(unique(deliveryStatus.options));
  });

  it('names files that exist', () => {
    const named = inBackticks(architecture).filter((name) => /^[a-z]+\/.*\.ts$/.test(name));
    expect(named.length).toBeGreaterThan(8);
    for (const file of named) expect(() => readDocument(file)).not.toThrow();
  });

  it('describes every folder of shared/', () => {
    const folders = readdirSync('shared', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const described = inBackticks(section(architecture, '## Processes and folders'));
    expect(described).toEqual(expect.arrayContaining(folders.map((folder) => folder.name)));
  });
});

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
