import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeKeys } from '../../../dev/start/describe-keys.ts';
import { hasRedis } from '../../support/has-redis.ts';
import { spawnStart } from './spawn-start.ts';

const UP = 'Stop with Ctrl-C';
const SECRET = /vq_[0-9a-f]{8}|whsec_|vqo_/;
const stack = {
  client: { apiKey: `vq_${'0'.repeat(72)}`, webhookSecret: 'whsec_AAAA', path: '.data/dev-client.json' },
  keysPath: '.data/sealing-keys',
  operator: { key: `vqo_${'0'.repeat(64)}`, path: '.data/operator-key' },
};

describe('the keys of npm start', () => {
  test('stand on lines of their own on a terminal, with where they are kept', () => {
    const lines = describeKeys(stack, true);
    expect(lines).toEqual(
      expect.arrayContaining([
        `API key:        ${stack.client.apiKey}`,
        `Webhook secret: ${stack.client.webhookSecret}`,
        expect.stringMatching(/^Both are kept in \/.*\.data\/dev-client\.json$/),
        `Operator key:   ${stack.operator.key}`,
      ]),
    );
  });

  test('are none of the lines elsewhere, which name the files and how to have them printed', () => {
    const lines = describeKeys(stack, false);
    expect(lines.join('\n')).not.toMatch(SECRET);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^API key: +apiKey of \/.*\.data\/dev-client\.json$/),
        expect.stringMatching(/^Webhook secret: +webhookSecret of \/.*\.data\/dev-client\.json$/),
        expect.stringMatching(/^Operator key: +kept in \/.*\.data\/operator-key$/),
        expect.stringContaining('VERIQUEUE_PRINT_KEYS=yes'),
      ]),
    );
  });
});

describe.skipIf(!hasRedis)('npm start in a pipe', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'veriqueue-start-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('prints no key, and where they are', { timeout: 180_000 }, async () => {
    const child = spawnStart(folder);
    const ended = once(child, 'close');
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        const wasUp = printed.includes(UP);
        printed += String(chunk);
        if (!wasUp && printed.includes(UP)) child.kill('SIGTERM');
      });
    }
    const [code] = await ended;
    expect({ code, printed }).toEqual({ code: 0, printed: expect.stringContaining(UP) });
    expect(printed).not.toMatch(SECRET);
    const [, file = ''] = /^API key: +apiKey of (.+)$/m.exec(printed) ?? [];
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      apiKey: expect.stringMatching(/^vq_[0-9a-f]{72}$/),
      webhookSecret: expect.stringMatching(/^whsec_/),
    });
  });
});
