import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeWebhookHeaders } from '../../shared/webhook/webhook-signature.ts';
import { root } from '../deployment/built-program.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, type TestPerson } from '../support/person.ts';
import { type Example, examples } from './languages.ts';

/** What every example has to do, whatever its language: the same tests for each. */

let chain: Chain;

beforeAll(async () => {
  chain = await startChain();
}, 120_000);
afterAll(() => chain?.stop());

const photoFile = join(root, 'samples/robot-240x320.jpg');
const makeSecret = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;

interface Submitting {
  readonly form: 'json' | 'form';
  readonly person?: TestPerson;
  readonly reference: string;
  readonly callbackUrl?: string;
}

interface ProgramRun {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the example that submits. */
async function submit(example: Example, folder: string, submitting: Submitting): Promise<ProgramRun> {
  const { form, person = makePerson(), reference, callbackUrl = chain.receiver.url } = submitting;
  const [program, ...args] = example.submit(folder);
  const child = spawn(program, [...args, form, person.idCard, person.name, photoFile, reference], {
    env: {
      ...process.env,
      VERIQUEUE_URL: chain.url,
      VERIQUEUE_API_KEY: chain.client.apiKey,
      CALLBACK_URL: callbackUrl,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, output: output + errors };
}

/** The example that receives, listening. */
interface Receiver {
  readonly url: string;
  /** Resolves once it has printed so many lines, with them. */
  lines(count: number): Promise<readonly string[]>;
  stop(): Promise<void>;
}

async function startReceiver(
  example: Example,
  folder: string,
  secrets: readonly string[],
): Promise<Receiver> {
  const port = await findFreePort();
  const [program, ...args] = example.receive(folder, port);
  const received = await mkdtemp(join(folder, 'received-'));
  const child = spawn(program, args, {
    env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: secrets.join(' '), RECEIVED_FOLDER: received },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
    child.emit('printed');
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  await untilListening(port, child, () => errors);
  // What follows the last line break is a line that is not complete.
  const linesNow = () => printed.split('\n').slice(0, -1);
  return {
    url: `http://127.0.0.1:${port}/`,
    lines: async (count) => {
      while (linesNow().length < count) {
        await once(child, 'printed', { signal: AbortSignal.timeout(60_000) });
      }
      return linesNow();
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function untilListening(port: number, child: ChildProcess, errors: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Cannot receive: the example ended: ${errors()}`);
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await delay(50);
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

interface Sending {
  readonly id: string;
  readonly secrets: readonly string[];
  readonly ageSeconds?: number;
  readonly type?: string;
  /** Of the body, after it was signed. */
  readonly change?: (body: string) => string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts an event as the worker does. @returns the status */
async function send(receiver: Receiver, sending: Sending): Promise<number> {
  const { id, secrets, ageSeconds = 0, type = 'verification.completed', change, headers } = sending;
  const data = { id: 'ver_1', livemode: false, reference: id, outcome: { verdict: 'match' } };
  const body = JSON.stringify({ type, timestamp: '2030-01-31T08:00:00.000Z', data });
  const timestampSeconds = Math.floor(Date.now() / 1000) - ageSeconds;
  const signed = computeWebhookHeaders({ id, timestampSeconds, body: Buffer.from(body), secrets });
  const answer = await fetch(receiver.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signed, ...headers },
    body: change ? change(body) : body,
  });
  return answer.status;
}

describe.each(examples)('the example in $language', (example) => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'veriqueue-example-'));
    if (example.isPresent) await example.prepare(folder);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const test = it.skipIf(!example.isPresent);
  const referenceOf = (name: string) => `${example.language}-${name}`;

  test.each(['json', 'form'] as const)('submits a photo as %s, and receives its event', async (form) => {
    const receiver = await startReceiver(example, folder, [chain.client.webhookSecret]);
    try {
      const reference = referenceOf(form);
      const { code, output } = await submit(example, folder, { form, reference, callbackUrl: receiver.url });
      expect([code, output]).toEqual([0, expect.stringMatching(/^ver_\w{26} \w+\n$/)]);
      expect(await receiver.lines(1)).toEqual([`verification.completed ${reference} match`]);
    } finally {
      await receiver.stop();
    }
  });

  test('finds the same verification when it submits again', async () => {
    const submitting = { form: 'form', person: makePerson(), reference: referenceOf('again') } as const;
    const first = await submit(example, folder, submitting);
    const again = await submit(example, folder, submitting);
    const [id] = first.output.split(' ');
    expect(again.output).toMatch(new RegExp(`^${id} \\w+ replayed\n$`));
  });

  test('prints what is wrong with each field of a submission that is refused', async () => {
    const person = { idCard: '990001199001010022', name: '测试?' };
    const { code, output } = await submit(example, folder, {
      form: 'json',
      person,
      reference: referenceOf('bad'),
    });
    expect(code).toBe(1);
    const [head, ...errors] = output.trimEnd().split('\n');
    expect(head).toBe('422 invalid_submission');
    expect(errors.map((line) => line.split(':')[0]).sort()).toEqual([
      ...['/idCard id_card_check_digit', '/name name_mask'],
    ]);
  });

  describe('receiving', () => {
    const [old, next, foreign] = [makeSecret(1), makeSecret(2), makeSecret(3)];
    let receiver: Receiver;

    beforeAll(async () => {
      if (example.isPresent) receiver = await startReceiver(example, folder, [old]);
    }, 120_000);
    afterAll(() => receiver?.stop());

    test('handles an event once, however often it comes', async () => {
      const statuses = [await send(receiver, { id: 'once', secrets: [old] })];
      statuses.push(await send(receiver, { id: 'once', secrets: [old] }));
      statuses.push(await send(receiver, { id: 'after', secrets: [old] }));
      expect(statuses).toEqual([204, 204, 204]);
      expect((await receiver.lines(2)).slice(0, 2)).toEqual([
        ...['verification.completed once match', 'verification.completed after match'],
      ]);
    });

    test('accepts what is signed with two secrets while they are exchanged, with either of them', async () => {
      expect(await send(receiver, { id: 'rotated', secrets: [next, old] })).toBe(204);
      const renewed = await startReceiver(example, folder, [next]);
      const both = await startReceiver(example, folder, [next, old]);
      try {
        expect(await send(renewed, { id: 'rotated', secrets: [next, old] })).toBe(204);
        expect(await send(renewed, { id: 'late', secrets: [old] })).toBe(400);
        expect(await send(both, { id: 'late', secrets: [old] })).toBe(204);
      } finally {
        await Promise.all([renewed.stop(), both.stop()]);
      }
    });

    test('acknowledges a type that it does not know', async () => {
      expect(await send(receiver, { id: 'new', secrets: [old], type: 'verification.revised' })).toBe(204);
    });

    test.each<[string, Partial<Sending>]>([
      ['with another secret', { secrets: [foreign] }],
      ['six minutes ago', { ageSeconds: 360 }],
      ['six minutes ahead', { ageSeconds: -360 }],
      ['before its body was changed', { change: (body) => body.replace('match', 'other') }],
      ['before spaces were added', { change: (body) => `${body} ` }],
      ['before its id was changed', { headers: { 'webhook-id': 'other' } }],
      [
        'before its time was changed',
        { headers: { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 9) } },
      ],
      ['without a signature', { headers: { 'webhook-signature': '' } }],
      ['as another version', { headers: { 'webhook-signature': `v2,${'A'.repeat(43)}=` } }],
      ['with a signature that is none', { headers: { 'webhook-signature': 'v1,===== v1 ,' } }],
      ['at a time that is none', { headers: { 'webhook-timestamp': 'now' } }],
    ])('refuses what is signed %s', async (_name, sending) => {
      expect(await send(receiver, { id: 'refused', secrets: [old], ...sending })).toBe(400);
    });
  });
});
