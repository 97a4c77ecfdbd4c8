import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UsageReport } from '../../../shared/contract/usage.ts';
import { ledgerDay } from '../../../shared/store/usage/ledger.ts';
import { runCli, runJson } from '../../cli/run-cli.ts';
import { submitAs } from '../../cli/submit-as.ts';
import { type Chain, startChain } from '../../support/chain.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain.stop());

const read = async (query = '') => {
  const answer = await chain.call(`/v1/usage${query}`);
  return { status: answer.status, body: (await answer.json()) as UsageReport & { errors?: unknown } };
};

describe('usage', () => {
  it('is what the upstream counted: a client sees its own, the command line everybody’s', async () => {
    const other = await chain.addClient();
    const own = [await chain.submit(), await chain.submit()];
    const theirs = await submitAs(chain, other);
    await Promise.all([...own, theirs].map(({ id }) => chain.receiver.eventOf(id)));

    const day = ledgerDay(Date.now());
    const row = { day, code: 'Success', unbilled: 0, unknown: 0 };
    const { body } = await read();
    expect(body.data).toEqual([{ ...row, clientId: chain.client.clientId, billed: 2 }]);
    expect(body.total).toEqual({ calls: 2, billed: 2, unbilled: 0, unknown: 0 });
    const everybody = await runJson<UsageReport>(['usage', '--from', day], chain.environment);
    expect(everybody.data).toContainEqual({ ...row, clientId: other.clientId, billed: 1 });
    expect(everybody.total).toEqual({ calls: 3, billed: 3, unbilled: 0, unknown: 0 });
  });

  it('is empty for days without calls, and refuses periods that are none or too long', async () => {
    const { body } = await read('?from=2026-01-01&to=2026-01-31');
    expect(body).toEqual({
      from: '2026-01-01',
      to: '2026-01-31',
      data: [],
      total: { calls: 0, billed: 0, unbilled: 0, unknown: 0 },
      budget: null,
    });
    for (const query of ['?from=2026-02-01&to=2026-01-31', '?from=2020-01-01&to=2026-01-01', '?from=x']) {
      expect((await read(query)).status).toBe(422);
    }
    const backwards = ['usage', '--from', '2026-02-01', '--to', '2026-01-31'];
    const { code, stderr } = await runCli(backwards, chain.environment);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'error: The period must have 1 to 400 days, but has 0\n',
    });
  });
});
