import { afterEach, describe, expect, it } from 'vitest';
import type { UsageReport } from '../../shared/contract/usage.ts';
import { runCli, runJson } from '../cli/run-cli.ts';
import { makeSubmission } from '../producer/submission-builder.ts';
import { type Chain, startChain } from '../support/chain.ts';

let chain: Chain;
afterEach(() => chain.stop());

const submitStatus = async () => {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(makeSubmission());
  return (await chain.call('/v1/verifications', { method: 'POST', headers, body })).status;
};
const set = (...args: string[]) =>
  runJson<Record<string, unknown>>(['client', 'set', chain.client.clientId, ...args], chain.environment);

describe('the limits of a client, from its submissions to the upstream', { timeout: 180_000 }, () => {
  it('give a place back when a subject has waited too long', async () => {
    chain = await startChain({
      environment: { SUBJECT_TTL: '1s', SWEEP_INTERVAL: '100ms', PROBE_INTERVAL: '1h' },
    });
    chain.sandbox.script('*', [{ code: 'UnauthorizedOperation.Arrears' }]);
    await set('--max-waiting', '1');
    const { id } = await chain.submit();
    expect(await submitStatus()).toBe(429);
    expect((await chain.receiver.eventOf(id)).data.outcome?.code).toBe('Veriqueue.SubjectExpired');
    expect(await submitStatus()).toBe(202);
  });

  it('count billed calls in a budget, warn at 80 and 100 per cent, and refuse once it is hard', async () => {
    chain = await startChain({ environment: { SWEEP_INTERVAL: '100ms' }, workers: 2 });
    const { clientId } = chain.client;
    await set('--budget-day', '5', '--budget-month', '1000', '--budget-mode', 'warn');
    const reached = (level: number) =>
      chain.log.line((line) => line.event === 'budget_reached' && line['level'] === level, {
        withinMs: 60_000,
      });
    for (const { id } of await Promise.all([1, 2, 3, 4].map(() => chain.submit()))) {
      await chain.receiver.eventOf(id);
    }
    expect(await reached(80)).toMatchObject({ client: clientId, period: 'day', spent: 4, limit: 5 });
    for (const { id } of await Promise.all([5, 6].map(() => chain.submit()))) {
      await chain.receiver.eventOf(id);
    }
    expect(await reached(100)).toMatchObject({ client: clientId, period: 'day', limit: 5 });
    const { budget } = (await (await chain.call('/v1/usage')).json()) as UsageReport;
    expect(budget).toMatchObject({
      mode: 'warn',
      waiting: 0,
      day: { limit: 5, spent: 6 },
      month: { limit: 1000, spent: 6 },
    });

    expect(await submitStatus()).toBe(202);
    await set('--budget-mode', 'hard');
    expect(await submitStatus()).toBe(402);
    const usage = await runCli(['usage', '--client', clientId], chain.environment);
    expect(usage.stdout).toMatch(
      /^budget +hard, \d without an outcome\nbudget of the day +[67] of 5 calls, until /m,
    );
    const shown = await runCli(['client', 'show', clientId], chain.environment);
    expect(shown.stdout).toMatch(/^budget of the month +[67] of 1000 calls, until /m);
    await set('--no-budget-day');
    expect(await submitStatus()).toBe(202);
    expect(await set('--no-budget-month')).toMatchObject({ budget: null, budgetUse: null });
    // Two workers look every 100 ms: of each period, each level was reported once.
    const levels = chain.log.lines.filter(({ event }) => event === 'budget_reached');
    expect(levels.filter((line) => line['level'] === 80)).toHaveLength(1);
  });

  it('are refused where they make no sense, with a sentence', async () => {
    chain = await startChain({ workers: 0 });
    for (const args of [['--budget-day', '0'], ['--budget-month', '1.5'], ['--budget-day=-1']]) {
      const refused = await runCli(['client', 'set', chain.client.clientId, ...args], chain.environment);
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain('It must be a whole number, 1 to 999999999.');
    }
    const mode = ['client', 'set', chain.client.clientId, '--budget-mode', 'soft'];
    const refused = await runCli(mode, chain.environment);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('Allowed choices are hard, warn.');
  });
});
