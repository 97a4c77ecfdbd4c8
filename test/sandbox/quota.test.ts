import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../sandbox/app.ts';
import { loadTestIdNumber } from '../../sandbox/id-number.ts';
import { startSandbox } from './sandbox-under-test.ts';
import { ask, callApi, codeOf, exchange, question, signedCall, wireBytes } from './signed-request.ts';

/** A whole second of the epoch. */
const SECOND = 1_800_000_000_000;
const SOMEONE = loadTestIdNumber(1);

let sandbox: Sandbox | undefined;
let clock = SECOND;

afterEach(async () => {
  await sandbox?.close();
});

async function startAt(at: number, quotaPerSecond: number): Promise<number> {
  clock = at;
  sandbox = await startSandbox({ quotaPerSecond, now: () => clock });
  return sandbox.port;
}

async function askAt(port: number, at: number): Promise<string | undefined> {
  clock = at;
  const details = { payload: question(SOMEONE), timestampS: Math.floor(at / 1000) };
  return codeOf(await callApi(port, details));
}

describe('the quota', () => {
  it('lets the first of each second through and refuses the rest with the number and the limit', async () => {
    const port = await startAt(SECOND, 2);
    expect(await askAt(port, SECOND)).toBe('Success');
    expect(await askAt(port, SECOND + 500)).toBe('Success');
    clock = SECOND + 999;
    const third = await callApi(port, { payload: question(SOMEONE), timestampS: SECOND / 1000 });
    expect(third.Error).toEqual({
      Code: 'RequestLimitExceeded',
      Message:
        'Your current request times equals to `3` in a second, which exceeds the frequency limit `2` for a second. Please reduce the frequency of calls.',
    });
    expect(await askAt(port, SECOND + 1000)).toBe('Success');
  });

  it('lets two bursts through that meet at the edge of a second, and shows them in the rolling statistics', async () => {
    const port = await startAt(SECOND, 2);
    for (const at of [SECOND + 998, SECOND + 999, SECOND + 1000, SECOND + 1001]) {
      expect(await askAt(port, at)).toBe('Success');
    }
    expect(sandbox?.stats()).toMatchObject({
      requests: 4,
      accepted: 4,
      rejected: 0,
      maxInRollingSecond: 4,
      overRollingQuota: 2,
    });
  });

  it('does not count two calls exactly a second apart as one rolling second', async () => {
    const port = await startAt(SECOND, 2);
    await askAt(port, SECOND + 10);
    await askAt(port, SECOND + 1010);
    expect(sandbox?.stats()).toMatchObject({ maxInRollingSecond: 1, inLastMinute: 2 });
  });

  it('of 20 refuses exactly 5 of 25 calls that arrive at once over sockets of their own', async () => {
    const port = await startAt(SECOND, 20);
    const call = signedCall(port, { payload: question(SOMEONE), timestampS: SECOND / 1000 });
    const bytes = wireBytes(port, call);
    const outcomes = await Promise.all(Array.from({ length: 25 }, () => exchange(port, bytes)));
    const refused = outcomes.filter(({ received }) => received.includes('RequestLimitExceeded'));
    expect(refused).toHaveLength(5);
    expect(sandbox?.stats()).toMatchObject({
      requests: 25,
      accepted: 20,
      rejected: 5,
      refused: 0,
      byCode: { RequestLimitExceeded: 5, Success: 20 },
    });
  });

  it('is not used up by calls that are refused for their signature', async () => {
    const port = await startAt(SECOND, 1);
    const timestampS = SECOND / 1000;
    for (let call = 0; call < 3; call += 1) {
      expect(codeOf(await callApi(port, { timestampS, secretKey: 'wrong' }))).toBe(
        'AuthFailure.SignatureFailure',
      );
    }
    expect(await askAt(port, SECOND)).toBe('Success');
    expect(sandbox?.stats()).toMatchObject({ requests: 4, accepted: 1, rejected: 0, refused: 3 });
  });
});

describe('an arrival', () => {
  it('is counted when the last byte of the request has arrived', async () => {
    const port = await startAt(SECOND, 1);
    const call = signedCall(port, { payload: question(SOMEONE), timestampS: SECOND / 1000 });
    const bytes = wireBytes(port, call);
    const slow = connect(port, '127.0.0.1');
    slow.write(bytes.subarray(0, bytes.length - 1));
    expect(await askAt(port, SECOND + 100)).toBe('Success');
    clock = SECOND + 1100;
    const answered = new Promise<string>((resolve) => slow.once('data', (data) => resolve(data.toString())));
    slow.write(bytes.subarray(bytes.length - 1));
    expect(await answered).toContain('"Result":"Success"');
    slow.destroy();
    expect(sandbox?.stats()).toMatchObject({ firstArrivalAt: SECOND + 100, lastArrivalAt: SECOND + 1100 });
  });

  it('of a request that is given up half-way is not counted', async () => {
    const port = await startAt(Date.now(), 20);
    const bytes = wireBytes(port, signedCall(port, { payload: question(SOMEONE) }));
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.write(bytes.subarray(0, 200), () => resolve()));
    socket.destroy();
    await ask(port, SOMEONE);
    expect(sandbox?.stats().requests).toBe(1);
  });
});
