import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { ensureDevClient } from '../../shared/store/clients/dev-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type BuiltProgram, buildProgram, type RunningPart, root } from './built-program.ts';
import { codeBlocks, documents, readDocument } from './documents.ts';

/** What the curl commands print: a verification, or a problem. */
interface Submitted {
  readonly reference: string;
  readonly status: string | number;
}

const unique = (texts: readonly string[]) => [...new Set(texts)];
const readme = readDocument('README.md');
const operations = readDocument('docs/operations.md');
const goingLive = readDocument('docs/going-live.md');

describe.each(documents)('%s', (path) => {
  const text = readDocument(path);

  it('links to files that exist', () => {
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !existsSync(join(root, dirname(path), target)))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...text.matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('what the README asks a newcomer to do', () => {
  let program: BuiltProgram;
  let redis: TestRedis;
  let client: { apiKey: string; webhookSecret: string };
  let parts: readonly RunningPart[];
  let producerUrl: string;
  const sealingKeys = `k1:${randomBytes(32).toString('base64')}`;

  /** With the ACL user of docs/operations.md, so that the chain shows that its rights suffice. */
  beforeAll(async () => {
    [program, redis] = await Promise.all([buildProgram(), startTestRedis()]);
    const [admin, keys] = [new Redis(redis.url), storeKeys('main')];
    const parsed = parseKeyRing(sealingKeys);
    if (!parsed.ok) throw new Error('the key must parse');
    client = await ensureDevClient({ redis: admin, keys, keyRing: parsed.keyRing, dataDir: redis.dataDir });
    const [, rights = ''] = /^ACL SETUSER veriqueue on >\S+ (.*)$/m.exec(operations) ?? [];
    await admin.call('ACL', 'SETUSER', 'veriqueue', 'on', '>secret', ...rights.split(' '));
    admin.disconnect();
    const url = redis.url.replace('redis://:', 'redis://veriqueue:').replace(/:[^:@]+@/, ':secret@');
    const shared = { REDIS_URL: url, VERIQUEUE_KEYS: sealingKeys, ALLOW_INSECURE_CALLBACKS: 'true' };
    const sandbox = await program.start('dist/sandbox/main.js', { SANDBOX_PORT: '0' });
    const [worker, producer] = await Promise.all([
      program.start('dist/worker/main.js', {
        ...shared,
        FACEID_ENDPOINT: sandbox.url,
        TENCENTCLOUD_SECRET_ID: 'sandbox-secret-id',
        TENCENTCLOUD_SECRET_KEY: 'sandbox-secret-key',
      }),
      program.start('dist/producer/main.js', { ...shared, PORT: '0' }),
    ]);
    parts = [producer, worker, sandbox];
    producerUrl = producer.url;
  });
  afterAll(async () => {
    await Promise.all((parts ?? []).map((part) => part.stop()));
    await program?.remove();
    await redis?.stop();
  });

  it('submits by both curl commands, and the receiver prints both verdicts', async () => {
    const port = await findFreePort();
    const receiver = await startReceiver(port);
    const submitted = await Promise.all(
      codeBlocks(readme, 'sh')
        .filter((block) => block.includes('curl'))
        .map((block) => runCommands(block, port)),
    );
    expect(submitted.map(({ reference, status }) => [reference, status])).toEqual([
      ['order-17', 'queued'],
      ['order-18', 'queued'],
    ]);
    expect((await receiver.lines(2)).toSorted()).toEqual([
      'verification.completed order-17 match',
      'verification.completed order-18 match',
    ]);
    receiver.stop();
  });

  it('makes a client by the command of docs/going-live.md', async () => {
    const command =
      codeBlocks(goingLive, 'sh').find((block) => block.includes('npx veriqueue client create')) ?? '';
    const args = command.trim().replace('npx veriqueue ', '').split(' ');
    const env = { REDIS_URL: redis.url, VERIQUEUE_KEYS: sealingKeys };
    const ended = await program.run('dist/cli/main.js', env, args);
    expect(ended.code).toBe(0);
    const [apiKey = ''] = /vq_[0-9a-f]{72}/.exec(ended.output) ?? [];
    const answer = await fetch(`${producerUrl}/v1/lane`, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(answer.status).toBe(200);
  });

  const commands = unique(
    [readme, operations, goingLive].flatMap((text) =>
      [...text.matchAll(/npx veriqueue ((?:[a-z]+ ?)+)/g)].map(([, words = '']) => words.trim()),
    ),
  );

  it.each(commands)('has the command veriqueue %s', async (words) => {
    const ended = await program.run('dist/cli/main.js', {}, [...words.split(' '), '--help']);
    expect(ended.code).toBe(0);
    expect(ended.output).toContain(`Usage: veriqueue ${words}`);
  });

  async function startReceiver(port: number) {
    const [source = ''] = codeBlocks(readme, 'js');
    const file = join(program.folder, 'receiver.mjs');
    await writeFile(file, source.replace('4000', String(port)));
    const env = { PATH: process.env['PATH'] ?? '', WEBHOOK_SECRET: client.webhookSecret };
    const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const printed = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      lines: async (count: number) => {
        const lines: string[] = [];
        while (lines.length < count) lines.push((await printed.next()).value ?? '(ended)');
        return lines;
      },
      stop: () => child.kill(),
    };
  }

  /**
   * A block of shell commands as printed, against this stack; the key is given by the environment. Again after a 503, as
   * its Retry-After asks: on a busy machine, Redis may take longer to answer than a request waits.
   */
  async function runCommands(block: string, port: number, triesLeft = 10): Promise<Submitted> {
    const commands = block
      .replace(/^export VERIQUEUE_API_KEY=.*$/m, '')
      .replaceAll('http://127.0.0.1:3000', producerUrl)
      .replaceAll('http://127.0.0.1:4000', `http://127.0.0.1:${port}`);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', VERIQUEUE_API_KEY: client.apiKey },
    });
    const answer = JSON.parse(stdout) as Submitted;
    if (answer.status !== 503 || triesLeft === 0) return answer;
    await setTimeout(1_000);
    return runCommands(block, port, triesLeft - 1);
  }
});

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
