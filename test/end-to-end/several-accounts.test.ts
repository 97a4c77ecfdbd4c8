import { afterEach, expect, test } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import { startAccounts, type TestAccount, type TestAccounts } from '../support/accounts.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';

const ARREARS = 'UnauthorizedOperation.Arrears';
const GENEROUS_MS = 120_000;

let chain: Chain | undefined;
let accounts: TestAccounts | undefined;
afterEach(async () => {
  await chain?.stop();
  await accounts?.stop();
  chain = undefined;
  accounts = undefined;
});

async function start(
  named: readonly TestAccount[],
  environment: Readonly<Record<string, string>> = {},
  workers = 1,
): Promise<{ readonly chain: Chain; readonly accounts: TestAccounts }> {
  accounts = await startAccounts(named);
  chain = await startChain({
    workers,
    environment: { RETRIES: '0', PROBE_INTERVAL: '500ms', ...accounts.environment, ...environment },
  });
  return { chain, accounts };
}

const submitMany = (to: Chain, count: number): Promise<Verification[]> =>
  Promise.all(Array.from({ length: count }, () => to.submit(makePerson(), { priority: 'bulk' })));

test('two accounts are both asked at their quotas, none beyond it, by one worker', async () => {
  const { chain, accounts } = await start([
    { name: 'main', quota: 20 },
    { name: 'second', quota: 10 },
  ]);
  await submitMany(chain, 120);
  await chain.receiver.accept(120, GENEROUS_MS);
  const [main, second] = ['main', 'second'].map((name) => accounts.sandboxOf(name).stats());
  expect(main).toMatchObject({ rejected: 0 });
  expect(second).toMatchObject({ rejected: 0 });
  expect(main?.maxInRollingSecond).toBeLessThanOrEqual(20);
  expect(second?.maxInRollingSecond).toBeLessThanOrEqual(10);
  expect((main?.requests ?? 0) + (second?.requests ?? 0)).toBe(120);
  // Each has been kept busy: a third of the calls is the part of the smaller one.
  expect(second?.requests).toBeGreaterThanOrEqual(30);
  expect(second?.requests).toBeLessThanOrEqual(50);
  // An account that is not the one of the environment has keys of its own.
  expect(await chain.redis.exists(`{vq:${chain.keys.lane}:second}:quota`)).toBe(1);
});

test('an account in arrears leaves everything to the other, in the same claim, and its probe brings it back', async () => {
  const { chain, accounts } = await start([
    { name: 'main', quota: 100 },
    { name: 'second', quota: 100 },
  ]);
  const [main, second] = [accounts.sandboxOf('main'), accounts.sandboxOf('second')];
  main.script('*', [ARREARS]);
  const submitted = await submitMany(chain, 60);
  await chain.receiver.accept(60, GENEROUS_MS);
  expect(second.stats().byCode['Success']).toBe(60);
  for (const { id } of submitted) {
    const { data } = await chain.receiver.eventOf(id);
    expect(data.outcome).toMatchObject({ verdict: 'match', possiblyBilledAgain: false });
    expect(data.attempts).toMatchObject([{ code: 'Success', account: 'second' }]);
  }
  expect(main.stats().byCode[ARREARS]).toBeGreaterThanOrEqual(1);

  main.script('*', []);
  const resumed = (line: Readonly<Record<string, unknown>>) =>
    line['event'] === 'lane_resumed' && line['account'] === 'main';
  const later = submitMany(chain, 1).then(async () => {
    while (!chain.log.lines.some(resumed)) {
      await submitMany(chain, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  await chain.log.line(resumed);
  await later;
  await submitMany(chain, 40);
  await expect.poll(() => main.stats().byCode['Success'] ?? 0, { timeout: GENEROUS_MS }).toBeGreaterThan(5);
});

test('what an account found out about a person is final: no other account is asked', async () => {
  const { chain, accounts } = await start([
    { name: 'main', quota: 100 },
    { name: 'second', quota: 100 },
  ]);
  const people = Array.from({ length: 20 }, makePerson);
  const findings = [
    'FailedOperation.IdNameMisMatch',
    'FailedOperation.LifePhotoDetectFake',
    'InvalidParameter',
  ];
  for (const [i, { idCard }] of people.entries()) {
    for (const name of ['main', 'second']) accounts.sandboxOf(name).script(idCard, [findings[i % 3] ?? '']);
  }
  const submitted = await Promise.all(people.map((person) => chain.submit(person)));
  await chain.receiver.accept(20, GENEROUS_MS);
  for (const [i, { idCard }] of people.entries()) {
    const calls = ['main', 'second'].map((name) => accounts.sandboxOf(name).calls(idCard).calls);
    expect(calls.toSorted()).toEqual([0, 1]);
    const { data } = await chain.receiver.eventOf(submitted[i]?.id ?? '');
    expect(data.outcome?.code).toBe(findings[i % 3]);
  }
});

test('an endpoint that is gone costs no verification an attempt: the other account is asked', async () => {
  const { chain, accounts } = await start([
    { name: 'main', quota: 100 },
    { name: 'second', quota: 100 },
  ]);
  await submitMany(chain, 10);
  await chain.receiver.accept(10, GENEROUS_MS);
  await accounts.sandboxOf('main').close();
  const submitted = await submitMany(chain, 60);
  await chain.receiver.accept(70, GENEROUS_MS);
  // RETRIES is 0: each has one attempt, and it is not spent on the one that is gone.
  for (const { id } of submitted) {
    const { data } = await chain.receiver.eventOf(id);
    expect(data.outcome).toMatchObject({ verdict: 'match' });
    expect(data.attempts).toHaveLength(1);
  }
  expect(chain.log.lines.filter(({ event }) => event === 'account_unreachable')).toHaveLength(1);
});

test('without a file one account has the keys that it always had, and its attempts name none', async () => {
  chain = await startChain();
  const { id } = await chain.submit();
  const { data } = await chain.receiver.eventOf(id);
  expect(data.attempts).toEqual([expect.not.objectContaining({ account: expect.anything() })]);
  expect(await chain.redis.exists(`{vq:${chain.keys.lane}}:quota`, chain.keys.accountLedger('*'))).toBe(1);
});
