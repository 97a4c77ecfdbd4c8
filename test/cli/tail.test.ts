import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerificationChange } from '../../shared/contract/console-changes.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import { type CliEnvironment, type RunningCli, runCli, startCli, startPlainCli } from './run-cli.ts';
import { submitAs } from './submit-as.ts';

const operatorKey = 'an-operator-key-of-the-tests';
let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ environment: { OPERATOR_KEY: operatorKey } });
});
afterAll(() => chain.stop());

interface Line {
  readonly at: string;
  readonly lane?: { readonly status: string; readonly reason: string | null };
  readonly verification?: VerificationChange;
  readonly unreachable?: string;
}

const ways: readonly [string, () => CliEnvironment][] = [
  ['on Redis', () => chain.environment],
  [
    "over the operators' API",
    () => ({ VERIQUEUE_OPERATOR_URL: chain.url, VERIQUEUE_OPERATOR_KEY: operatorKey }),
  ],
];

async function untilLine(running: RunningCli, isWanted: (line: Line) => boolean): Promise<Line> {
  for (;;) {
    const line = await running.nextLine<Line>();
    if (isWanted(line)) return line;
  }
}

describe('veriqueue tail', { timeout: 240_000 }, () => {
  it.each(ways)('follows verifications, their events and the lane, %s', async (_, environment) => {
    const person = makePerson();
    const tail = startCli(['tail'], environment());
    await untilLine(tail, ({ lane }) => lane?.status === 'running');
    const { id } = await chain.submit(person, { reference: 'order-17' });
    const delivered = await untilLine(
      tail,
      ({ verification }) => verification?.id === id && verification.delivery === 'delivered',
    );
    expect(delivered.verification).toEqual({
      id,
      clientId: chain.client.clientId,
      reference: 'order-17',
      status: 'completed',
      attempts: 1,
      verdict: 'match',
      code: 'Success',
      delivery: 'delivered',
      deliveryAttempts: 1,
      deliveryResult: '204',
    });
    await runCli(['lane', 'pause', '--reason', 'an audit', '--yes'], environment());
    const paused = await untilLine(tail, ({ lane }) => lane?.status === 'paused');
    expect(paused.lane).toMatchObject({ reason: 'an audit' });
    await runCli(['lane', 'resume', '--yes'], environment());
    await untilLine(tail, ({ lane }) => lane?.status === 'running');
    expect(await tail.interrupt()).toBe(0);
    expect(await tail.errors).toBe('');
    for (const secret of Object.values(person)) expect(JSON.stringify(delivered)).not.toContain(secret);
  });

  it('shows one client, or one reference, only: as lines without styles when they are piped', async () => {
    const other = await chain.addClient();
    const byClient = startPlainCli(['tail', '--client', other.clientId], chain.environment);
    const byReference = startPlainCli(['tail', '--reference', 'wanted'], chain.environment);
    const running = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}lane test-\d+ is running$/);
    expect([await byClient.nextText(), await byReference.nextText()]).toEqual([running, running]);
    await chain.submit(makePerson(), { reference: 'unwanted' });
    const { id } = await chain.submit(makePerson(), { reference: 'wanted' });
    const theirs = await submitAs(chain, other);
    expect(await byReference.nextText()).toContain(`${id}  ${chain.client.clientId}  `);
    expect(await byClient.nextText()).toContain(`${theirs.id}  ${other.clientId}  `);
    expect([await byClient.interrupt(), await byReference.interrupt()]).toEqual([0, 0]);
    expect(await byClient.errors).toMatch(/^Following lane test-\d+; stop with Ctrl-C\.\n$/);
  });

  it('goes on when its producer was away, and ends when its key is refused', async () => {
    const second = await startChain({
      workers: 0,
      redis: chain.redisServer,
      environment: { OPERATOR_KEY: operatorKey },
    });
    const environment = { VERIQUEUE_OPERATOR_URL: second.url, VERIQUEUE_OPERATOR_KEY: operatorKey };
    const tail = startCli(['tail'], environment);
    await untilLine(tail, ({ lane }) => lane !== undefined);
    await second.stop();
    const away = await untilLine(tail, ({ unreachable }) => unreachable !== undefined);
    expect(away.unreachable).toContain('ECONNREFUSED');
    expect(await tail.interrupt()).toBe(0);

    const refused = await runCli(['tail'], {
      ...environment,
      VERIQUEUE_OPERATOR_URL: chain.url,
      VERIQUEUE_OPERATOR_KEY: 'another-key-than-the-right-one',
    });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('the operator key is not one of its keys');
  });
});
