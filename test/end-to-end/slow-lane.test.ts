import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import type { LogLine } from '../support/recorded-log.ts';
import { waitedForMaintenance } from './expected-outcomes.ts';

/** A slow lane is probed every ten seconds. */
const SLOW_MS = 45_000;

const MATCH = { verdict: 'match', action: 'none', billed: true, possiblyBilledAgain: false };

const madeStep = (id: string, step: string) => (line: LogLine) =>
  line.event === 'attempt' && line.verification === id && line['step'] === step;

describe('an upstream that does not work', { timeout: 2 * SLOW_MS }, () => {
  let chain: Chain;
  beforeAll(async () => {
    chain = await startChain({ environment: { RETRIES: '4' } });
  });
  afterAll(() => chain?.stop());

  it('in maintenance is asked by single probes, which count as no verification’s attempts', async () => {
    const unlucky = makePerson();
    chain.sandbox.script(unlucky.idCard, [waitedForMaintenance]);
    const { id } = await chain.submit(unlucky);
    await chain.log.line(madeStep(id, 'slow'));
    await expect.poll(() => chain.lane()).toMatchObject({ status: 'slow', reason: waitedForMaintenance });
    expect((await chain.verification(id)).attempts).toEqual([]);

    const others = await Promise.all(Array.from({ length: 10 }, () => chain.submit()));
    const callsBefore = chain.sandbox.stats().requests;
    await chain.log.line((line) => line.msg === 'Lane resumed', { withinMs: SLOW_MS });
    // The one probe that resumed it, and no call before that.
    expect(callsBefore).toBe(1);
    await chain.skipWait(id).catch(() => undefined);
    const events = await Promise.all(
      [id, ...others.map((other) => other.id)].map((one) => chain.receiver.eventOf(one, SLOW_MS)),
    );
    for (const { data } of events) {
      expect(data.outcome).toMatchObject(MATCH);
      expect(data.attempts).toHaveLength(1);
    }
    expect(chain.sandbox.stats().requests).toBe(1 + events.length);
  });

  it('failing again and again slows the lane down instead of using up everybody’s retries', async () => {
    chain.sandbox.reset();
    chain.sandbox.script('*', ['InternalError']);
    const submitted = await Promise.all(Array.from({ length: 60 }, () => chain.submit()));
    await chain.log.line((line) => line['detail'] === 'transient failures');
    const failedCalls = chain.sandbox.stats().requests;
    expect(failedCalls).toBeLessThan(60);
    chain.sandbox.script('*', []);
    const events = await Promise.all(submitted.map(({ id }) => chain.receiver.eventOf(id, SLOW_MS)));
    for (const { data } of events) expect(data.outcome).toMatchObject(MATCH);
    expect(new Set(chain.receiver.deliveries.map(({ webhookId }) => webhookId)).size).toBe(
      chain.receiver.deliveries.length,
    );
  });
});
