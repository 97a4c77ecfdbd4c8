import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeKeys } from '../../start/describe-keys.ts';

const SECRET = /vq_[0-9a-f]{8}|whsec_|vqo_/;
const stack = {
  client: { apiKey: `vq_${'0'.repeat(72)}`, webhookSecret: 'whsec_AAAA', path: '.data/dev-client.json' },
  keysPath: '.data/sealing-keys',
  operator: { key: `vqo_${'0'.repeat(64)}`, path: '.data/operator-key' },
  consoleUrl: 'http://127.0.0.1:3000/console',
};

describe('the keys of npm start', () => {
  test('stand on lines of their own on a terminal, with where they are kept', () => {
    const lines = describeKeys(stack, true);
    expect(lines).toEqual(
      expect.arrayContaining([
        `API key:        ${stack.client.apiKey}`,
        `Webhook secret: ${stack.client.webhookSecret}`,
        expect.stringMatching(/^Both are kept in \/.*\.data\/dev-client\.json$/),
        `Operator key: ${stack.operator.key}`,
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
        expect.stringMatching(/^Operator key: kept in \/.*\.data\/operator-key$/),
        expect.stringContaining('VERIQUEUE_PRINT_KEYS=yes'),
      ]),
    );
  });
});

describe('npm start in a pipe', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'veriqueue-start-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('prints no key, and where they are', async () => {
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', 'start/main.ts'], {
      cwd: root,
      env: { PATH: process.env['PATH'], VERIQUEUE_DATA_DIR: folder, PORT: '0', SANDBOX_PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    let heard = '';
    child.stdout.on('data', (chunk) => {
      heard += String(chunk);
      if (heard.includes('Stop with Ctrl-C')) child.kill('SIGTERM');
    });
    const [code] = await ended;
    const printed = (await output).join('\n');
    expect({ code, printed }).toEqual({ code: 0, printed: expect.stringContaining('Stop with Ctrl-C') });
    expect(printed).not.toMatch(SECRET);
    const [, file = ''] = /^API key: +apiKey of (.+)$/m.exec(printed) ?? [];
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      apiKey: expect.stringMatching(/^vq_[0-9a-f]{72}$/),
      webhookSecret: expect.stringMatching(/^whsec_/),
    });
  });
});
