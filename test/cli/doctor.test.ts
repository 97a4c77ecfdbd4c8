import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Check, checkClock } from '../../cli/doctor/check.ts';
import { checkLane } from '../../cli/doctor/lane-checks.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { type CliEnvironment, runCli } from './run-cli.ts';

const operatorKey = 'an-operator-key-of-the-tests';
let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ environment: { OPERATOR_KEY: operatorKey } });
});
afterAll(() => chain.stop());

interface Report {
  readonly ok: boolean;
  readonly checks: readonly (Check & { readonly fix: string | null })[];
}

async function examine(environment: CliEnvironment) {
  const { code, stdout, stderr } = await runCli(['doctor', '--json'], environment);
  const report = JSON.parse(stdout) as Report;
  const statusOf = (name: string) => report.checks.find((check) => check.name === name)?.status;
  const fixOf = (name: string) => report.checks.find((check) => check.name === name)?.fix;
  const problems = report.checks.filter(({ status }) => status === 'problem').map(({ name }) => name);
  return { code, report, statusOf, fixOf, problems, stdout, stderr };
}

const producer = () => ({ VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: chain.client.apiKey });
const console = () => ({ VERIQUEUE_OPERATOR_URL: chain.url, VERIQUEUE_OPERATOR_KEY: operatorKey });

describe('veriqueue doctor', { timeout: 240_000 }, () => {
  it('finds a deployment well, on Redis and by its API, and asks the upstream nothing', async () => {
    const calls = chain.sandbox.stats().accepted;
    const all = await examine({ ...chain.environment, ...producer() });
    expect([all.code, all.report.ok, all.problems, all.stderr]).toEqual([0, true, [], '']);
    const names = [
      'producer',
      'API key',
      "producer's clock",
      'Redis',
      "Redis' clock",
      'sealing keys',
      'lane',
    ];
    for (const name of [...names, 'worker', 'endpoints', 'dead letters', 'upstream', 'callback']) {
      expect([name, all.statusOf(name)]).toEqual([name, 'ok']);
    }
    const remote = await examine(console());
    expect([remote.code, remote.problems]).toEqual([0, []]);
    expect(remote.statusOf("operators' API")).toBe('ok');
    expect(remote.statusOf('producer')).toBe('skipped');
    expect(chain.sandbox.stats().accepted).toBe(calls);
  });

  it('names each thing that is wrong with what to do, and shows no secret', async () => {
    await chain.addClient({ name: 'away', callbackUrl: 'http://127.0.0.1:9/' });
    await runCli(['lane', 'pause', '--reason', 'an audit', '--yes'], chain.environment);
    const wrong = {
      ...chain.environment,
      VERIQUEUE_URL: chain.url,
      VERIQUEUE_API_KEY: 'vq_wrong',
      VERIQUEUE_KEYS: `k9:${Buffer.alloc(32, 9).toString('base64')}`,
    };
    const found = await examine(wrong);
    expect([found.code, found.report.ok]).toEqual([1, false]);
    expect(found.problems).toEqual(['API key', 'sealing keys', 'lane', 'callback']);
    expect(found.fixOf('lane')).toContain('veriqueue lane resume');
    expect(found.fixOf('sealing keys')).toContain('VERIQUEUE_KEYS');
    expect(found.report.checks.every(({ status, fix }) => status !== 'problem' || fix)).toBe(true);
    const { stdout, code } = await runCli(['doctor'], wrong);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /PROBLEM +lane +test-\d+ is paused since .*: an audit; 0 wait\n +▸ An operator paused it/,
    );
    expect(stdout).toMatch(/\n4 problems\.\n$/);
    expect(stdout).not.toContain('\u001b');
    for (const secret of ['vq_wrong', chain.client.apiKey, wrong.VERIQUEUE_KEYS]) {
      expect(found.stdout + stdout).not.toContain(secret);
    }
    await runCli(['lane', 'resume', '--yes'], chain.environment);
  });

  it('says what cannot be reached, and goes on with the rest', async () => {
    const away = { VERIQUEUE_URL: 'http://127.0.0.1:9', VERIQUEUE_API_KEY: 'vq_x' };
    const [noRedis, noConsole] = await Promise.all([
      examine({ ...producer(), REDIS_URL: 'redis://127.0.0.1:9' }),
      examine({
        ...away,
        VERIQUEUE_OPERATOR_URL: chain.url,
        VERIQUEUE_OPERATOR_KEY: 'another-key-than-the-right-one',
      }),
    ]);
    expect(noRedis.problems).toEqual(["operators' side"]);
    expect(noRedis.statusOf('API key')).toBe('ok');
    expect(noConsole.problems).toEqual(['producer', "operators' side"]);
    expect([noRedis.code, noConsole.code]).toEqual([1, 1]);
  });
});

describe('a check', () => {
  it('takes a clock for wrong when it is off by more than a minute and its own precision', () => {
    const at = 1_800_000_000_000;
    const asked = { before: at, after: at + 500, precisionMs: 1_000 };
    const statusOf = (shown: number) => checkClock('clock', shown, asked).status;
    expect([at - 60_999, at, at + 60_500].map(statusOf)).toEqual(['ok', 'ok', 'ok']);
    expect([at - 61_001, at + 60_501].map(statusOf)).toEqual(['problem', 'problem']);
    expect(checkClock('clock', at - 301_000, asked)).toMatchObject({
      detail: expect.stringMatching(/^5m behind/),
    });
    expect(statusOf(Number.NaN)).toBe('skipped');
  });

  it('misses the worker of a lane that none has joined', async () => {
    const lane = await chain.lane();
    expect(checkLane({ ...lane, livemode: null }).map(({ status }) => status)).toEqual(['ok', 'problem']);
    expect(checkLane({ ...lane, status: 'held', reason: 'UnauthorizedOperation.Arrears' })[0]).toMatchObject({
      status: 'problem',
    });
  });
});
