import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AccountReport } from '../../shared/contract/accounts.ts';
import type { OperatorUsage } from '../../shared/contract/usage.ts';
import { startAccounts, type TestAccounts } from '../support/accounts.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { runCli, runJson } from './run-cli.ts';

const OPERATOR_KEY = 'the-key-of-an-operator-1234';

let accounts: TestAccounts;
let chain: Chain;
let environment: Record<string, string>;
beforeAll(async () => {
  accounts = await startAccounts([
    { name: 'main', quota: 100 },
    { name: 'second', quota: 50 },
  ]);
  chain = await startChain({ environment: { ...accounts.environment, OPERATOR_KEY } });
  environment = { ...chain.environment };
}, 120_000);
afterAll(async () => {
  await chain?.stop();
  await accounts?.stop();
});

const cli = <T>(...args: string[]) => runJson<T>(args, environment);
const fails = async (...args: string[]) => {
  const { code, stderr } = await runCli(args, environment);
  expect(code).not.toBe(0);
  return stderr;
};
const secretsOf = (name: string) => {
  const [id = '', key = ''] = accounts.secretsOf(name);
  return ['--secret-id', `env:${id}`, '--secret-key', `env:${key}`];
};

it('account list shows each account with its state, on Redis and over the operators’ API', {
  timeout: 90_000,
}, async () => {
  for (const name of ['main', 'second']) accounts.sandboxOf(name).reset();
  await chain.submit();
  await chain.receiver.accept(1, 60_000);
  const expected = [
    { name: 'main', status: 'running', workers: 1, quota: { perSecond: 100 }, clients: null },
    { name: 'second', status: 'running', workers: 1, quota: { perSecond: 50 }, clients: null },
  ];
  const shown = await cli<AccountReport[]>('account', 'list');
  expect(shown).toMatchObject(expected);
  expect(shown.reduce((sum, { today }) => sum + today.billed, 0)).toBe(1);
  const asOperator = { headers: { authorization: `Bearer ${OPERATOR_KEY}` } };
  const usage = await cli<OperatorUsage>('usage');
  expect(usage.total.billed).toBe(1);
  expect(usage.accounts).toEqual([{ account: expect.any(String), billed: 1, unbilled: 0, unknown: 0 }]);
  expect(['main', 'second']).toContain(usage.accounts[0]?.account);
  expect(await (await fetch(`${chain.url}/console/api/usage`, asOperator)).json()).toEqual(usage);
  expect((await runCli(['usage'], environment)).stdout).toMatch(/ACCOUNT +BILLED[\s\S]*(main|second) +1/);
  const answer = await fetch(`${chain.url}/v1/accounts`, {
    headers: { authorization: `Bearer ${OPERATOR_KEY}` },
  });
  expect(await answer.json()).toMatchObject({ data: expected });
  expect((await fetch(`${chain.url}/v1/accounts`)).status).toBe(401);
  const asClient = await chain.call('/v1/accounts');
  expect(asClient.status).toBe(401);
});

it('account pause stops one account while the other goes on, and resume starts it', {
  timeout: 90_000,
}, async () => {
  expect(await cli('account', 'pause', 'main', '--reason', 'contract', '--yes')).toEqual({
    account: 'main',
    status: 'paused',
  });
  const before = accounts.sandboxOf('main').stats().requests;
  const submitted = await Promise.all(Array.from({ length: 10 }, () => chain.submit()));
  for (const { id } of submitted) await chain.receiver.eventOf(id);
  expect(accounts.sandboxOf('main').stats().requests).toBe(before);
  expect(await chain.lane()).toMatchObject({
    status: 'running',
    accounts: [
      { name: 'main', status: 'paused', reason: 'contract' },
      { name: 'second', status: 'running' },
    ],
    quota: { perSecond: 150, effectivePerSecond: 50 },
  });
  const { checks } = JSON.parse((await runCli(['doctor', '--json'], environment)).stdout);
  const of = (name: string) => checks.filter((check: { readonly name: string }) => check.name === name);
  expect(of('account')).toMatchObject([
    {
      status: 'problem',
      detail: expect.stringMatching(/^main is paused since .+: contract; 1 workers/),
      fix: 'An operator paused it. To go on: veriqueue account resume main',
    },
    { status: 'ok', detail: 'second is running; 1 workers have its secrets' },
  ]);
  expect(
    of('upstream')
      .map(({ detail }: { readonly detail: string }) => detail)
      .toSorted(),
  ).toEqual(
    ['main', 'second'].map((name) => `${accounts.sandboxOf(name).url} answers from this machine`).toSorted(),
  );
  expect(await cli('account', 'resume', 'main', '--yes')).toMatchObject({ status: 'resumed' });
  expect(await fails('account', 'pause', 'third', '--reason', 'x', '--yes')).toContain('No account third');
});

it('account add asks the account first, and writes it with its references', { timeout: 90_000 }, async () => {
  const added = { ...accounts.environment };
  await writeFile(accounts.path, `# our accounts\n${await readFile(accounts.path, 'utf8')}`);
  environment = { ...environment, ...added, WRONG_KEY: 'not-the-key' };
  const third = ['account', 'add', 'third', '--endpoint', accounts.sandboxOf('second').url, '--quota', '5'];
  const [id = ''] = accounts.secretsOf('second');
  const refused = await fails(...third, '--secret-id', `env:${id}`, '--secret-key', 'env:WRONG_KEY');
  expect(refused).toContain('AuthFailure.SignatureFailure');
  expect(refused).not.toContain('not-the-key');
  expect(await readFile(accounts.path, 'utf8')).not.toContain('third');

  accounts.sandboxOf('second').script('*', ['UnauthorizedOperation.Arrears']);
  expect(await fails(...third, ...secretsOf('second'))).toContain('UnauthorizedOperation.Arrears');
  accounts.sandboxOf('second').script('*', []);
  expect(await cli(...third, ...secretsOf('second'), '--client', 'cli_01', '--weight', '3')).toEqual({
    account: 'third',
    file: accounts.path,
    status: 'added',
  });
  const text = await readFile(accounts.path, 'utf8');
  expect(text).toMatch(/^# our accounts\n/);
  expect(text).toMatch(/name: third\n/);
  expect(text).not.toContain('key-of-second');
  expect(await fails(...third, ...secretsOf('second'))).toContain('must be its own');
  expect(await fails('account', 'add', 'x', '--secret-id', 'AKID')).toContain('not the secret itself');
});

it('account rotate checks new secrets, and writes where they are', { timeout: 90_000 }, async () => {
  const [id = '', key = ''] = accounts.secretsOf('second');
  environment = { ...environment, NEXT_KEY: 'wrong' };
  const rotate = ['account', 'rotate', 'second', '--secret-id', `env:${id}`, '--secret-key', 'env:NEXT_KEY'];
  expect(await fails(...rotate)).toContain('AuthFailure.SignatureFailure');
  environment = { ...environment, NEXT_KEY: environment[key] ?? '' };
  expect(await cli(...rotate)).toMatchObject({ account: 'second', status: 'rotated' });
  expect(await readFile(accounts.path, 'utf8')).toContain('env: NEXT_KEY');
  expect(await cli('account', 'rotate', 'main')).toMatchObject({ status: 'checked' });
  expect(await fails('account', 'rotate', 'fourth')).toContain('must have an account fourth');
});
