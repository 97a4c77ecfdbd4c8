import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasRedis } from '../../support/has-redis.ts';
import { spawnStart } from './spawn-start.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-start-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function start(settings: Readonly<Record<string, string>>) {
  const child = spawnStart(folder, settings);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  child.stdout.resume();
  const [code] = await once(child, 'close');
  return { code, errors };
}

describe('npm start with wrong settings', () => {
  test('reports those of every process at once, as sentences, and starts none', async () => {
    const { code, errors } = await start({
      QUOTA_PER_SECOND: 'many',
      UPSTREAM_TIMEOUT: '10',
      SANDBOX_LATENCY_MIN_MS: 'x',
      VERIQUEUE_PRINT_KEYS: 'perhaps',
      MAX_BACKLOG: '0',
    });
    expect({ code, errors: errors.trim().split('\n').toSorted() }).toEqual({
      code: 1,
      errors: [
        '  MAX_BACKLOG must be a whole number from 1 to 1000000000',
        '  QUOTA_PER_SECOND must be a whole number from 1 to 20000',
        '  SANDBOX_LATENCY_MIN_MS must be a whole number from 0 to 60000',
        expect.stringMatching(/^ {2}UPSTREAM_TIMEOUT must be a duration from 100ms to 10m/),
        '  VERIQUEUE_PRINT_KEYS must be true or false',
        'Cannot start: 5 settings are wrong',
      ],
    });
  });
});

describe.skipIf(!hasRedis)('npm start on a port that is taken', () => {
  test.each(['PORT', 'SANDBOX_PORT'])(
    'names the variable, and leaves nothing running: %s',
    async (variable) => {
      const occupant = createServer().listen(0, '127.0.0.1');
      await once(occupant, 'listening');
      const address = occupant.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const { code, errors } = await start({ [variable]: String(port) });
      occupant.close();
      expect(code).toBe(1);
      expect(errors).toContain(
        `${variable} ${port} is taken: another program listens on 127.0.0.1:${port}. Stop it, or set ${variable} to a free port`,
      );
    },
  );
});
