import { afterEach, expect, test } from 'vitest';
import type { SandboxStats } from '../../sandbox/statistics.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { startAccounts, type TestAccount, type TestAccounts } from '../support/accounts.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission, type TestPerson } from '../support/person.ts';

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
  const [main, second] = [accounts.sandboxOf('main').stats(), accounts.sandboxOf('second').stats()];
  // Stamped by a process that is busy itself; to the millisecond, `npm run bench -- quota` judges it. Here no account may get
  // what is another's.
  expect(main.rejected).toBeLessThanOrEqual(3);
  expect(second.rejected).toBeLessThanOrEqual(3);
  expect(main.maxInRollingSecond).toBeLessThanOrEqual(25);
  expect(second.maxInRollingSecond).toBeLessThanOrEqual(14);
  const answered = ({ requests, rejected }: SandboxStats) => requests - rejected;
  expect(answered(main) + answered(second)).toBe(120);
  // Each has been kept busy: a third of the calls is the part of the smaller one.
  expect(second.requests).toBeGreaterThanOrEqual(30);
  expect(second.requests).toBeLessThanOrEqual(50);
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

test('an account that does not answer keeps no verification but those that it was asked about', async () => {
  // Its part of the 16 places, and half as much again.
  const most = 12;
  const { chain, accounts } = await start(
    [
      { name: 'main', quota: 100, sandbox: { latencyMs: { min: 600_000, max: 600_000 } } },
      { name: 'second', quota: 100 },
    ],
    { WORKER_CONCURRENCY: '16', UPSTREAM_TIMEOUT: '10m', SHUTDOWN_DEADLINE: '1s' },
  );
  await submitMany(chain, 120);
  await chain.receiver.accept(120 - most, GENEROUS_MS);
  expect(accounts.sandboxOf('main').stats().requests).toBeLessThanOrEqual(most);
  expect(accounts.sandboxOf('second').stats().requests).toBeGreaterThanOrEqual(120 - most);
});

test('clients of equal weight have equal parts while one of two accounts falls into arrears', async () => {
  const concurrency = 16;
  const { chain, accounts } = await start(
    [
      { name: 'main', quota: 40 },
      { name: 'second', quota: 40 },
    ],
    { WORKER_CONCURRENCY: String(concurrency) },
    0,
  );
  const late = await chain.addClient({ name: 'late' });
  const early = await submitMany(chain, 120);
  for (let nth = 0; nth < 50; nth += 1) {
    const answer = await chain.call('/v1/verifications', {
      method: 'POST',
      body: JSON.stringify(makeSubmission(makePerson(), { priority: 'bulk' })),
      headers: { 'content-type': 'application/json' },
      as: late,
    });
    expect(answer.status).toBe(202);
  }
  await chain.addWorker();
  await chain.receiver.accept(30, GENEROUS_MS);
  accounts.sandboxOf('main').script('*', [ARREARS]);
  await chain.receiver.accept(170, GENEROUS_MS);
  const isEarly = new Set(early.map(({ id }) => id));
  const order = [...chain.receiver.accepted.keys()].map((id) => isEarly.has(id));
  const lead: number[] = [];
  for (const each of order.slice(0, order.lastIndexOf(false) + 1)) {
    lead.push((lead.at(-1) ?? 0) + (each ? 1 : -1));
  }
  // As much as is in flight, on each side: events come in the order of their outcomes, or nearly so.
  expect(Math.max(...lead.map(Math.abs))).toBeLessThanOrEqual(2 * concurrency);
  expect(accounts.sandboxOf('main').stats().byCode[ARREARS]).toBeGreaterThanOrEqual(1);
});

test('without a file one account has the keys that it always had, and its attempts name none', async () => {
  chain = await startChain();
  const { id } = await chain.submit();
  const { data } = await chain.receiver.eventOf(id);
  expect(data.attempts).toEqual([expect.not.objectContaining({ account: expect.anything() })]);
  expect(await chain.redis.exists(`{vq:${chain.keys.lane}}:quota`, chain.keys.accountLedger('*'))).toBe(1);
});

test('an account that is reserved for a client is asked about no other client, and its line holds no other client up', async () => {
  accounts = await startAccounts([
    { name: 'main', quota: 100 },
    { name: 'own', quota: 5, clients: ['to be known'] },
  ]);
  chain = await startChain({
    workers: 0,
    environment: { ...accounts.environment, WORKER_CONCURRENCY: '16' },
  });
  const customer = await chain.addClient({ name: 'customer' });
  await accounts.write([
    { name: 'main', quota: 100 },
    { name: 'own', quota: 5, clients: [customer.clientId] },
  ]);
  const people = Array.from({ length: 60 }, makePerson);
  const form = (person: TestPerson) => ({
    method: 'POST',
    body: JSON.stringify(makeSubmission(person, { priority: 'bulk' })),
    headers: { 'content-type': 'application/json' },
    as: customer,
  });
  for (const person of people) expect((await chain.call('/v1/verifications', form(person))).status).toBe(202);
  await chain.addWorker();
  const others = await submitMany(chain, 60);
  for (const { id } of others) await chain.receiver.eventOf(id);
  // A dozen seconds of its own account are still to come: the others did not wait for them.
  expect(accounts.sandboxOf('own').stats().byCode['Success'] ?? 0).toBeLessThan(60);
  await chain.receiver.accept(120, GENEROUS_MS);
  expect(accounts.sandboxOf('own').stats()).toMatchObject({ requests: 60, rejected: 0 });
  expect(accounts.sandboxOf('main').stats().requests).toBe(60);
  for (const { idCard } of people) expect(accounts.sandboxOf('own').calls(idCard).calls).toBe(1);
});

test('a person who may not be asked about on one account is asked about on another, if people are counted for each', async () => {
  const { chain, accounts } = await start(
    [
      { name: 'main', quota: 100 },
      { name: 'second', quota: 100 },
    ],
    { PERSON_SCOPE: 'account', PERSON_PER_MINUTE: '2' },
  );
  const person = makePerson();
  const ids: string[] = [];
  for (let nth = 0; nth < 4; nth += 1) {
    const { id } = await chain.submit(person);
    await chain.receiver.eventOf(id);
    ids.push(id);
  }
  expect(['main', 'second'].map((name) => accounts.sandboxOf(name).calls(person.idCard).calls)).toEqual([
    2, 2,
  ]);
  const { id } = await chain.submit(person);
  await expect
    .poll(() => chain.redis.hget(chain.keys.record(id), 'nextAttemptAt'), { timeout: GENEROUS_MS })
    .not.toBeNull();
});

test('over all accounts a person is asked about as often as on one', async () => {
  const { chain, accounts } = await start(
    [
      { name: 'main', quota: 100 },
      { name: 'second', quota: 100 },
    ],
    { PERSON_PER_MINUTE: '2' },
  );
  const person = makePerson();
  const submitted = [];
  for (let nth = 0; nth < 3; nth += 1) submitted.push(await chain.submit(person));
  const third = submitted[2]?.id ?? '';
  await chain.receiver.accept(2, GENEROUS_MS);
  await expect
    .poll(() => chain.redis.hget(chain.keys.record(third), 'nextAttemptAt'), { timeout: GENEROUS_MS })
    .not.toBeNull();
  const calls = ['main', 'second'].map((name) => accounts.sandboxOf(name).calls(person.idCard).calls);
  expect(calls.reduce((sum, count) => sum + count, 0)).toBe(2);
});

test('a worker that is killed while it asks several accounts loses nothing', async () => {
  const { chain, accounts } = await start(
    [
      { name: 'main', quota: 20, sandbox: { latencyMs: { min: 200, max: 400 } } },
      { name: 'second', quota: 20, sandbox: { latencyMs: { min: 200, max: 400 } } },
    ],
    { RETRIES: '5' },
  );
  const killed = await chain.addWorkerProcess();
  const submitted = await submitMany(chain, 100);
  await chain.receiver.accept(10, GENEROUS_MS);
  process.kill(killed.pid, 'SIGKILL');
  await killed.ended;
  await chain.receiver.accept(100, GENEROUS_MS);
  for (const { id } of submitted) {
    const { data } = await chain.receiver.eventOf(id);
    expect(data.outcome).toMatchObject({ verdict: 'match' });
  }
  for (const name of ['main', 'second']) {
    expect(accounts.sandboxOf(name).stats().maxInRollingSecond).toBeLessThanOrEqual(25);
  }
});

test('a worker asks the accounts that it has the secrets of, and another serves the rest', async () => {
  accounts = await startAccounts([
    { name: 'main', quota: 50 },
    { name: 'second', quota: 50 },
  ]);
  chain = await startChain({ workers: 0, environment: accounts.environment });
  const without = (name: string) =>
    Object.fromEntries(accounts?.secretsOf(name).map((variable) => [variable, '']) ?? []);
  await chain.addWorker(without('second'));
  await submitMany(chain, 20);
  await chain.receiver.accept(20, GENEROUS_MS);
  expect(accounts.sandboxOf('second').stats().requests).toBe(0);
  await chain.addWorker(without('main'));
  await expect
    .poll(async () => (await chain?.lane())?.accounts)
    .toMatchObject([
      { name: 'main', workers: 1 },
      { name: 'second', workers: 1 },
    ]);
  await submitMany(chain, 60);
  await chain.receiver.accept(80, GENEROUS_MS);
  expect(accounts.sandboxOf('second').stats().requests).toBeGreaterThan(10);
});

test('a worker with a part of the secrets of an account, or of none at all, does not start', async () => {
  accounts = await startAccounts([{ name: 'main' }, { name: 'second' }]);
  chain = await startChain({ workers: 0, environment: accounts.environment });
  const [, key = ''] = accounts.secretsOf('second');
  await expect(chain.addWorker({ [key]: '' })).rejects.toThrow(
    `account second: secretKey: the variable ${key} must exist`,
  );
  const none = Object.fromEntries(
    ['main', 'second'].flatMap((name) => accounts?.secretsOf(name) ?? []).map((variable) => [variable, '']),
  );
  await expect(chain.addWorker(none)).rejects.toThrow('must have an account whose secrets this process has');
});
