import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pickTestPerson, scenarios } from '../../cli/trigger/test-person.ts';
import { makeTestPhoto } from '../../cli/trigger/test-photo.ts';
import { isIdNumber, isTestNumber } from '../../sandbox/id-number.ts';
import { findPerson } from '../../sandbox/people.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { checkPhotoBytes } from '../../shared/validation/photo.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission, type TestPerson } from '../support/person.ts';
import { type CliEnvironment, runCli, runJson } from './run-cli.ts';

let chain: Chain;
let environment: CliEnvironment;
beforeAll(async () => {
  chain = await startChain();
  environment = { VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: chain.client.apiKey };
});
afterAll(() => chain.stop());

describe('veriqueue trigger', { timeout: 240_000 }, () => {
  it.each([
    ['match', 0, { verdict: 'match' }],
    ['no-match', 10, { verdict: 'no_match' }],
    ['wrong-name', 11, { verdict: 'unverifiable', action: 'check_identity' }],
    ['no-face', 11, { verdict: 'unverifiable', action: 'resubmit_photo' }],
    ['unknown-number', 11, { verdict: 'unverifiable', action: 'contact_registry' }],
    ['error', 12, { verdict: 'error', action: 'contact_support' }],
  ])('makes a test person get %s, and an event of it', async (scenario, exitCode, outcome) => {
    const { code, stdout } = await runCli(['trigger', scenario, '--wait', '--json'], environment);
    expect(code).toBe(exitCode);
    const shown = JSON.parse(stdout) as Verification;
    expect(shown).toMatchObject({ reference: `trigger ${scenario}`, livemode: false, outcome });
    expect((await chain.receiver.eventOf(shown.id)).data.outcome).toMatchObject(outcome);
  });

  it('has a photo that passes every check, and people who are made up', () => {
    expect(checkPhotoBytes(makeTestPhoto())).toMatchObject({ ok: true });
    for (const scenario of scenarios) {
      const { idCard, name } = pickTestPerson(scenario, () => 0.999_999);
      expect([isIdNumber(idCard), isTestNumber(idCard)]).toEqual([true, true]);
      if (scenario !== 'match') expect(findPerson(idCard)).toMatchObject({ name });
    }
  });

  it('refuses a scenario that there is none of', async () => {
    const { code, stderr } = await runCli(['trigger', 'mach'], environment);
    expect(code).toBe(2);
    expect(stderr).toContain('Allowed choices are match, no-match');
  });
});

describe('veriqueue trigger on a lane that does not ask the sandbox', { timeout: 240_000 }, () => {
  it.each([
    [
      { endpoint: 'https://faceid.tencentcloudapi.com', livemode: '1', account: '' },
      'asks the real upstream',
    ],
    [null, 'no worker has started yet'],
  ])('submits nothing', async (upstream, why) => {
    const other = await startChain({
      workers: 0,
      redis: chain.redisServer,
      seed: async () => undefined,
    });
    if (upstream !== null) await other.redis.hset(other.accountKeys.upstream(), upstream);
    const asked = { VERIQUEUE_URL: other.url, VERIQUEUE_API_KEY: other.client.apiKey };
    const { code, stdout, stderr } = await runCli(['trigger'], asked);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(why);
    expect(await other.redis.exists(other.keys.allIndex())).toBe(0);
    await other.stop();
  });
});

describe('veriqueue list', { timeout: 240_000 }, () => {
  it("shows a client's own verifications, newest first, by every filter", async () => {
    const owner = await chain.addClient();
    const own = { VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: owner.apiKey };
    const submit = async (person: TestPerson, reference: string) => {
      const body = JSON.stringify(makeSubmission(person, { reference }));
      const headers = { 'content-type': 'application/json' };
      const answer = await chain.call('/v1/verifications', { as: owner, method: 'POST', body, headers });
      const { id } = (await answer.json()) as Verification;
      await chain.receiver.eventOf(id);
      return id;
    };
    const first = await submit(makePerson(), 'order match');
    const unlike = pickTestPerson('no-match', Math.random);
    const ids = [await submit(unlike, 'order no-match'), first];
    await chain.submit(makePerson(), { reference: 'order match' });
    const idsOf = async (...args: string[]) =>
      (await runJson<Verification[]>(['list', ...args], own)).map(({ id }) => id);
    const found = await Promise.all([
      idsOf(),
      idsOf('--limit', '1'),
      idsOf('--reference', 'order match'),
      idsOf('--code', 'Success', '--since', '1h'),
      idsOf('--status', 'queued'),
      idsOf('--until', '1h'),
    ]);
    expect(found).toEqual([ids, ids.slice(0, 1), [first], [first], [], []]);
    const { stdout, stderr } = await runCli(['list', '--limit', '2'], own);
    expect(stdout).toMatch(/^VERIFICATION +SUBMITTED +STATUS +OUTCOME +DELIVERY +REFERENCE\n/);
    expect(stdout).toMatch(/completed +match \(Success\) +\w+ +order match\n/);
    // Not on a terminal, so without styles.
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toBe('The newest 2; --limit shows more.\n');
  });

  it('says what is wrong with the key', async () => {
    const unknown = { ...environment, VERIQUEUE_API_KEY: `${chain.client.apiKey.slice(0, -1)}!` };
    const { code, stderr } = await runCli(['list'], unknown);
    expect(code).toBe(1);
    expect(stderr).toMatch(/401/);
  });
});
