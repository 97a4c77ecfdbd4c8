import { readFile } from 'node:fs/promises';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { isAuthentic } from '../../../examples/receiver/verify-plain.ts';
import { verifyEvent } from '../../../examples/receiver/verify-with-library.ts';
import { computeWebhookHeaders } from '../../../shared/webhook/webhook-signature.ts';
import { defaultDeliverySchedule } from '../../../worker/delivery/delivery-schedule.ts';

const read = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const otherSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const body = Buffer.from('{"type":"verification.completed","data":{"reference":"订单 17"}}');

const signed = (secrets: readonly string[], ageSeconds = 0) => ({
  ...computeWebhookHeaders({
    id: 'evt_1',
    timestampSeconds: Math.floor(Date.now() / 1000) - ageSeconds,
    body,
    secrets,
  }),
});

describe('docs/receiving.md', () => {
  test.each(['examples/receiver/verify-with-library.ts', 'examples/receiver/verify-plain.ts'])(
    'shows %s as it is',
    async (path) => {
      expect(await read('docs/receiving.md')).toContain(`\`\`\`ts\n${await read(path)}\`\`\``);
    },
  );

  test('names every delay of the default schedule', async () => {
    const text = await read('docs/receiving.md');
    expect(defaultDeliverySchedule.delaysMs).toHaveLength(10);
    expect(text).toContain('0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h');
  });
});

describe.each([
  [
    'with the library',
    (headers: Record<string, string>, bytes: Buffer) => accepts(() => verifyEvent(bytes, headers, secret)),
  ],
  ['by hand', (headers: Record<string, string>, bytes: Buffer) => isAuthentic(bytes, headers, secret)],
])('verifying %s', (_, verifies) => {
  test.each<[name: string, headers: Record<string, string>, bytes: Buffer, expected: boolean]>([
    ['takes a signed event', signed([secret]), body, true],
    ['takes one of several signatures', signed([otherSecret, secret]), body, true],
    ['refuses another secret', signed([otherSecret]), body, false],
    ['refuses a changed body', signed([secret]), Buffer.from(`${body.toString()} `), false],
    ['refuses another id', { ...signed([secret]), 'webhook-id': 'evt_2' }, body, false],
    ['refuses an old event', signed([secret], 301), body, false],
    ['refuses an event from the future', signed([secret], -3_600), body, false],
    ['refuses a time that is no number', { ...signed([secret]), 'webhook-timestamp': 'now' }, body, false],
    ['refuses a missing signature', { 'webhook-id': 'evt_1', 'webhook-timestamp': '1' }, body, false],
    ['refuses an empty signature', { ...signed([secret]), 'webhook-signature': 'v1,' }, body, false],
  ])('%s', (_name, headers, bytes, expected) => {
    expect(verifies(headers, bytes)).toBe(expected);
  });
});

test('what the library signs is authentic to the example by hand', () => {
  const at = new Date();
  const headers = {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', at, body.toString()),
  };
  expect(isAuthentic(body, headers, secret)).toBe(true);
});

function accepts(verify: () => unknown): boolean {
  try {
    verify();
    return true;
  } catch {
    return false;
  }
}
