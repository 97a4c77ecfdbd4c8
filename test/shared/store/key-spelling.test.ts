import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { QueueKeys } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountKeys, keyFunction, storeKeys } from '../../../shared/store/keys.ts';
import { openRedis } from '../../../shared/store/open-redis.ts';
import { listShippedLuaFiles } from '../../support/lua-files.ts';
import { spellOwnKeys } from '../../support/own-keys.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { listSourceFiles } from '../../support/source-files.ts';

const root = join(import.meta.dirname, '../../..');
const keys = storeKeys('main');
const queue = keys.deliveryQueue;

/** Lua function → what it is to spell of the parts `p` and `q`, as this store has it since version 0.1. */
const inStore = {
  record: ['{vq:main}:record:p', keys.record('p')],
  allIndex: ['{vq:main}:index-all', keys.allIndex()],
  undeliveredIndex: ['{vq:main}:index-undelivered', keys.undeliveredIndex()],
  referenceIndex: ['{vq:main}:index-references', keys.referenceIndex()],
  clientIndex: ['{vq:main}:index:p', keys.clientIndex('p')],
  erasures: ['{vq:main}:erasures:p', keys.erasures('p')],
  clientStatusIndex: ['{vq:main}:index:p:q', keys.clientStatusIndex('p', 'q')],
  ledger: ['{vq:main}:ledger:p', keys.ledger('p')],
  accountLedger: ['{vq:main}:account-ledger:p', keys.accountLedger('p')],
  clientLedger: ['{vq:main}:client-ledger:p:q', keys.clientLedger('p', 'q')],
  deferredDeliveries: ['{vq:main}:held-deliveries:p', keys.deferredDeliveries('p')],
  deferringEndpoints: ['{vq:main}:held-endpoints', keys.deferringEndpoints()],
  historyMinutes: ['{vq:main}:history:minutes:1', keys.historyMinutes(1)],
  historyHours: ['{vq:main}:history:hours:1', keys.historyHours(1)],
  endpointHistory: ['{vq:main}:history:endpoint:p', keys.endpointHistory('p')],
  client: ['{vq:main}:client:p', keys.client('p')],
  feed: ['{vq:main}:feed:p', keys.feed('p')],
  feedNumbers: ['{vq:main}:feed-numbers', keys.feedNumbers()],
  noticeTypes: ['{vq:main}:notice-types', keys.noticeTypes()],
  notices: ['{vq:main}:notices', keys.notices()],
  shares: ['{vq:main}:shares', keys.shares()],
  shareWeights: ['{vq:main}:shares:weights:1', keys.shareWeights(1)],
  shareNext: ['{vq:main}:shares:next:1', keys.shareNext(1)],
  shareLine: ['{vq:main}:shares:line:1:q', keys.shareLine(1, 'q')],
  shareUnasked: ['{vq:main}:shares:unasked:1', keys.shareUnasked(1)],
  heartbeats: ['{vq:main}:heartbeats', keys.heartbeats()],
  waitingVerifications: [
    '{vq:main}:verifications:prioritized',
    keys.queueKey(keys.verificationQueue, 'prioritized'),
  ],
  verificationCounter: [
    '{vq:main}:verifications:pc',
    new QueueKeys(keys.queuePrefix).toKey(keys.verificationQueue, 'pc'),
  ],
  photosExpected: ['{vq:main}:photos-expected', keys.photosExpected()],
  photosToDelete: ['{vq:main}:photos-to-delete', keys.photosToDelete()],
  verificationJob: ['{vq:main}:verifications:p', keys.jobKey(keys.verificationQueue, 'p')],
} as const;

/** Those whose first part is a number. */
const NUMBERED = ['historyMinutes', 'historyHours', 'shareWeights', 'shareNext', 'shareLine', 'shareUnasked'];

const bullmq = new QueueKeys(keys.queuePrefix);
const ofBullmq = (name: string) => bullmq.toKey(queue, name);
const inQueue = {
  active: [ofBullmq('active'), keys.queueKey(queue, 'active')],
  delayed: [ofBullmq('delayed'), keys.queueKey(queue, 'delayed')],
  events: [ofBullmq('events'), keys.queueKey(queue, 'events')],
  failed: [ofBullmq('failed'), keys.queueKey(queue, 'failed')],
  marker: [ofBullmq('marker'), keys.queueKey(queue, 'marker')],
  meta: [ofBullmq('meta'), keys.queueKey(queue, 'meta')],
  paused: [ofBullmq('paused'), keys.queueKey(queue, 'paused')],
  prioritized: [ofBullmq('prioritized'), keys.queueKey(queue, 'prioritized')],
  stalled: [ofBullmq('stalled'), keys.queueKey(queue, 'stalled')],
  wait: [ofBullmq('wait'), keys.queueKey(queue, 'wait')],
  waitingChildren: [ofBullmq('waiting-children'), keys.queueKey(queue, 'waitingChildren')],
  job: [ofBullmq('p'), keys.jobKey(queue, 'p')],
  jobLock: [ofBullmq('p:lock'), keys.jobLock(queue, 'p')],
  jobDependencies: [ofBullmq('p:dependencies')],
  jobFailed: [ofBullmq('p:failed')],
  jobProcessed: [ofBullmq('p:processed')],
  jobUnsuccessful: [ofBullmq('p:unsuccessful')],
} as const;

/** Without comments. */
const codeOf = (path: string) => {
  const text = readFileSync(join(root, path), 'utf8');
  return path.endsWith('.lua')
    ? text.replaceAll(/^\s*--.*$/gm, '')
    : text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
};

/** What follows a tag in any key, up to the first part of it that differs from key to key. */
function firstNames(): string[] {
  const spelled = [keys, accountKeys('main')].flatMap((all) => spellOwnKeys(all, 'p', 'q'));
  return [...new Set(spelled.flatMap((key) => /^\{vq:main\}:([a-z-]+)/.exec(key)?.[1] ?? []))];
}

let server: TestRedis;

beforeAll(async () => {
  server = await startTestRedis();
});

afterAll(() => server.stop());

describe('a key', () => {
  it('is spelled alike in Lua, in TypeScript and by BullMQ', async () => {
    const redis = openRedis(
      { url: server.url, log: { info: () => undefined, warn: () => undefined } },
      'probe',
    );
    await redis.connect();
    const start = (name: string) => (name in inStore ? keys.tag : keys.queueStart(queue));
    const found = await Promise.all(
      Object.keys({ ...inStore, ...inQueue }).map(async (name) => {
        const lua = `${keyFunction(name)} return ${name}Key(ARGV[1], ARGV[2], 'q')`;
        return [name, await redis.eval(lua, 0, start(name), NUMBERED.includes(name) ? '1' : 'p')];
      }),
    );
    redis.disconnect();
    const expected = Object.entries({ ...inStore, ...inQueue });
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(expected.map(([name, [key]]) => [name, key])),
    );
    expect(expected.filter(([, [key, inTypeScript = key]]) => inTypeScript !== key)).toEqual([]);
  });

  it('is known here if any script completes it', () => {
    const named = listShippedLuaFiles().flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/^--- @keys (.+)$/gm)].flatMap(([, names = '']) =>
        names.split(', '),
      ),
    );
    expect([...new Set(named)].toSorted()).toEqual(Object.keys({ ...inStore, ...inQueue }).toSorted());
  });

  it('that keys.ts does not name is refused, by name', () => {
    expect(() => keyFunction('ledgers')).toThrow('keys.ts must name the key ledgers');
  });

  it('is spelled nowhere but in keys.ts, and in the files of the keys of promises, operators, photos, accounts, events, API keys and shares', () => {
    const keyFiles = [
      'keys',
      'promise-keys',
      'operator-keys',
      'photo-keys',
      'pool-keys',
      'event-keys',
      'api-key-keys',
      'share-keys',
    ];
    const spelling = keyFiles.map((name) => `shared/store/${name}.ts`);
    const files = [...listShippedLuaFiles(), ...listSourceFiles()].filter((path) => !spelling.includes(path));
    expect(files.length).toBeGreaterThan(300);
    const names = firstNames();
    expect(names).toContain('held-deliveries');
    const parts = ['lock', 'dependencies', 'processed', 'unsuccessful', ...names].join('|');
    const spellings = [
      /\{vq:/,
      new RegExp(`(?:['"\`]|\\}):(?:${parts})(?![\\w-])`),
      /\b(?:jobKey|toKey)\([^()]*['"]\w/,
    ];
    const found = files.flatMap((path) => {
      const code = codeOf(path);
      return spellings.flatMap((spelling) => {
        const [hit] = spelling.exec(code) ?? [];
        return hit === undefined ? [] : [`${path}: ${hit}`];
      });
    });
    expect(found).toEqual([]);
  });

  it('is put together by no script: it is one of KEYS, or comes from a function of keys.ts', () => {
    const found = listShippedLuaFiles().flatMap((path) =>
      [...codeOf(path).matchAll(/redis\.p?call\('\w+',\s*(?!\w+Key\()[^,)]*\.\./g)].map(
        ([hit]) => `${path}: ${hit}`,
      ),
    );
    expect(found).toEqual([]);
  });
});

describe('a connection to Redis', () => {
  it('is made by openRedis alone, and copied by the connection itself', () => {
    const makers = listSourceFiles().filter((path) =>
      /\bnew (?:Closable)?Redis\(|\bnew Cluster\(/.test(codeOf(path)),
    );
    expect(makers.toSorted()).toEqual(['shared/store/open-redis.ts', 'shared/store/redis/closable-redis.ts']);
  });
});
