import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import '../support/needs-redis.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { atTime } from './redis/on-real-redis.ts';

type Recorded =
  | { readonly us: number; readonly words: readonly string[]; readonly reply: unknown }
  | { readonly expired: string };

const LIMIT_MS = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'simulated-redis-'));
let server: TestRedis;
let redis: Redis;
let recorded: readonly Recorded[];
beforeAll(async () => {
  const file = join(folder, 'commands.jsonl');
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  // This seed kills a worker and the producer, restarts Redis, loses replies and flushes scripts.
  const options = ['--seed', '27', '--verifications', '10', '--record', file];
  [server] = await Promise.all([
    startTestRedis(),
    promisify(execFile)(process.execPath, ['--import', 'tsx', main, ...options]),
  ]);
  redis = new Redis(server.url, { protocol: 2 });
  // Hashes of this kind keep the order of their fields, as those of the simulated one do.
  await redis.config('SET', 'hash-max-listpack-value', '1000000');
  await redis.config('SET', 'hash-max-listpack-entries', '100000');
  recorded = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Recorded);
}, LIMIT_MS);
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Of commands whose order Redis does not promise. */
const UNORDERED = new Set(['SMEMBERS', 'HGETALL', 'HKEYS', 'HVALS', 'KEYS', 'SCAN', 'HSCAN', 'SSCAN']);
/** Drawn by dice. */
const DRAWN = new Set(['SRANDMEMBER', 'SPOP', 'TIME', 'PTTL']);

describe('the simulated Redis', () => {
  test(
    'answers our scripts, those of BullMQ and single commands as a real one does, and holds the same afterwards',
    async () => {
      const differences: unknown[] = [];
      for (const entry of recorded) {
        if ('expired' in entry) {
          await redis.del(Buffer.from(entry.expired, 'latin1'));
          continue;
        }
        const { us, words, reply } = entry;
        const [name = '', ...args] = atTime(us, words).map((word) => Buffer.from(word, 'latin1'));
        const real: unknown = await redis
          .callBuffer(name.toString(), args)
          .catch((error: unknown) => ({ message: error instanceof Error ? error.message : String(error) }));
        const command = words[0] ?? '';
        if (DRAWN.has(command)) continue;
        const [expected, received] = [flatten(real, command), flatten(reply, command)];
        if (JSON.stringify(expected) !== JSON.stringify(received)) {
          differences.push({
            words: words.map((word) => word.slice(0, 200)),
            real: expected,
            simulated: received,
          });
        }
      }
      expect(differences.slice(0, 5)).toEqual([]);
      expect(recorded.length).toBeGreaterThan(1_000);
    },
    LIMIT_MS,
  );

  test('holds the same keys afterwards', async () => {
    const names = recorded.flatMap((entry) => ('words' in entry ? [] : [entry.expired]));
    expect(names.length).toBeGreaterThan(0);
    const left = (await redis.keys('*')).sort();
    const simulated = recorded.findLast((entry) => 'words' in entry && entry.words[0] === 'SCAN');
    const [, shown] = plainOf(simulated !== undefined && 'reply' in simulated ? simulated.reply : []) as [
      string,
      string[],
    ];
    expect(left).toEqual([...shown].sort());
  });

  test('was asked for every kind of script that a verification needs', () => {
    const scripts = recorded.filter((entry) => 'words' in entry && entry.words[0] === 'EVAL');
    const names = new Set(
      scripts.map((entry) =>
        'words' in entry ? (entry.words[1] ?? '').split('\n').find((line) => line.trim().length > 4) : '',
      ),
    );
    expect(names.size).toBeGreaterThan(25);
  });
});

/** As RESP2 has it, in plain arrays and texts. */
function flatten(reply: unknown, command: string): unknown {
  const plain = plainOf(reply);
  if (!UNORDERED.has(command) || !Array.isArray(plain)) return plain;
  return plain.flat(2).map(String).sort();
}

function plainOf(reply: unknown): unknown {
  if (reply === null || typeof reply === 'number') return reply;
  if (typeof reply === 'string') return reply;
  if (Buffer.isBuffer(reply)) return reply.toString('latin1');
  if (Array.isArray(reply)) return reply.map(plainOf);
  if (reply instanceof Error) return { error: classOf(reply.message) };
  const written = reply as Record<string, unknown>;
  if ('message' in written) return { error: classOf(String(written['message'])) };
  if ('text' in written) return written['text'];
  if ('value' in written) return String(written['value']);
  if ('entries' in written) return (written['entries'] as unknown[]).flat().map(plainOf);
  if ('members' in written) return written['members'];
  return null;
}

/** What comes before the place in the script, which differs by what is put before it. */
const classOf = (message: string): string =>
  message.replace(/ script: .*$/, '').replace(/^ERR user_script:\d+: /, '');
