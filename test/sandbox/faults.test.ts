import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../sandbox/app.ts';
import { loadTestIdNumber } from '../../sandbox/id-number.ts';
import { FAULTS, type Fault } from '../../sandbox/planned-result.ts';
import { startSandbox } from './sandbox-under-test.ts';
import { ask, codeOf, exchange, question, type RawOutcome, signedCall, wireBytes } from './signed-request.ts';

const SOMEONE = loadTestIdNumber(2);

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

beforeEach(() => sandbox.reset());

function raw(): Promise<RawOutcome> {
  const call = signedCall(sandbox.port, { payload: question(SOMEONE) });
  return exchange(sandbox.port, wireBytes(sandbox.port, call));
}

async function meet(fault: Fault, latencyMs?: number): Promise<RawOutcome & { head: string; body: string }> {
  sandbox.script(SOMEONE, [{ fault, ...(latencyMs === undefined ? {} : { latencyMs }) }]);
  const outcome = await raw();
  const [head = '', ...rest] = outcome.received.split('\r\n\r\n');
  return { ...outcome, head, body: rest.join('\r\n\r\n') };
}

function contentLength(head: string): number {
  return Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
}

describe('a fault on demand', () => {
  it('reset: the connection is reset without a byte', async () => {
    expect(await meet('reset')).toMatchObject({ received: '', error: 'ECONNRESET' });
  });

  it('close: the connection is closed in an orderly way without a byte', async () => {
    expect(await meet('close')).toMatchObject({ received: '', error: undefined });
  });

  it('half_body: half of what the headers promise, then the connection is gone', async () => {
    const { head, body } = await meet('half_body');
    expect(body.length).toBe(Math.floor(contentLength(head) / 2));
    expect(body).toMatch(/^\{"Response":/);
  });

  it('truncated_json: a complete response with half of the JSON', async () => {
    const { head, body, error } = await meet('truncated_json');
    expect(error).toBeUndefined();
    expect(contentLength(head)).toBe(body.length);
    expect(() => JSON.parse(body)).toThrow(SyntaxError);
  });

  it('garbage: 200 with bytes that are no JSON', async () => {
    const { head, body } = await meet('garbage');
    expect(head).toMatch(/^HTTP\/1.1 200/);
    expect(() => JSON.parse(body)).toThrow(SyntaxError);
  });

  it('wrong_shape: JSON without a Response', async () => {
    expect(JSON.parse((await meet('wrong_shape')).body)).toEqual({ status: 'ok' });
  });

  it('empty: 200 without a body', async () => {
    const { head, body } = await meet('empty');
    expect(head).toMatch(/^HTTP\/1.1 200/);
    expect(body).toBe('');
  });

  it.each([
    ['http_502', 502],
    ['http_503', 503],
  ] as const)('%s: an HTML page of a proxy', async (fault, status) => {
    const { head, body } = await meet(fault);
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
    expect(body).toContain('<html>');
  });

  it('slow_first_byte: the answer, later', async () => {
    const before = performance.now();
    const { body } = await meet('slow_first_byte', 60);
    expect(performance.now() - before).toBeGreaterThanOrEqual(59);
    expect(JSON.parse(body).Response.Result).toBe('Success');
  });

  it('slow_body: the answer in pieces', async () => {
    const { body } = await meet('slow_body', 60);
    expect(JSON.parse(body).Response.Result).toBe('Success');
  });

  it('huge: a well-formed answer of more than 64 MiB', async () => {
    sandbox.script(SOMEONE, [{ fault: 'huge' }]);
    const call = signedCall(sandbox.port, { payload: question(SOMEONE) });
    const response = await fetch(sandbox.url, {
      method: 'POST',
      headers: { ...call.headers },
      body: call.body,
    });
    const text = await response.text();
    expect(text.length).toBeGreaterThan(64 * 1024 * 1024);
    expect(text.endsWith('"}}')).toBe(true);
  });

  it('hang: not a byte until the caller gives up', async () => {
    sandbox.script(SOMEONE, [{ fault: 'hang' }]);
    const call = signedCall(sandbox.port, { payload: question(SOMEONE) });
    const response = fetch(sandbox.url, {
      method: 'POST',
      headers: { ...call.headers },
      body: call.body,
      signal: AbortSignal.timeout(100),
    });
    await expect(response).rejects.toThrow('aborted due to timeout');
  });

  it('counts in the statistics under its own name if no answer could be read', async () => {
    for (const fault of ['reset', 'http_502', 'slow_body'] as const) await meet(fault, 1);
    expect(sandbox.stats().byCode).toEqual({ 'fault:http_502': 1, 'fault:reset': 1, Success: 1 });
  });

  it.each(['slow_body', 'huge', 'slow_first_byte'] as const)(
    '%s: a caller who hangs up in the middle does no harm',
    async (fault) => {
      sandbox.script(SOMEONE, [{ fault, latencyMs: 50 }]);
      const socket = connect(sandbox.port, '127.0.0.1');
      const call = signedCall(sandbox.port, { payload: question(SOMEONE) });
      await new Promise<void>((resolve) => socket.write(wireBytes(sandbox.port, call), () => resolve()));
      if (fault !== 'slow_first_byte') await once(socket, 'data');
      socket.destroy();
      expect(codeOf(await ask(sandbox.port, SOMEONE))).toMatch(/^Success$/);
    },
  );

  it('passes: the next call is answered', async () => {
    await meet('reset');
    expect(codeOf(await ask(sandbox.port, SOMEONE))).toBe('Success');
  });
});

describe('closing', () => {
  it('ends every fault that would last', async () => {
    const closing = await startSandbox();
    const lasting = FAULTS.filter((fault) => ['hang', 'slow_first_byte', 'slow_body'].includes(fault));
    closing.script(
      SOMEONE,
      lasting.map((fault) => ({ fault })),
    );
    const bytes = wireBytes(closing.port, signedCall(closing.port, { payload: question(SOMEONE) }));
    const outcomes = lasting.map(() => exchange(closing.port, bytes));
    await expect.poll(() => closing.stats().requests).toBe(lasting.length);
    await closing.close();
    expect(await Promise.all(outcomes)).toHaveLength(lasting.length);
  });

  it('waits for calls in progress as long as it is allowed to', async () => {
    const closing = await startSandbox({ latencyMs: { min: 200, max: 200 } });
    const answer = ask(closing.port, SOMEONE);
    await expect.poll(() => closing.stats().requests).toBe(1);
    await closing.close({ graceMs: 10_000 });
    expect(codeOf(await answer)).toBe('Success');
  });
});
