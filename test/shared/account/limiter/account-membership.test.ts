import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../../../../sandbox/app.ts';
import { enterAccount } from '../../../../shared/account/limiter/account-membership.ts';
import {
  type AccountUpstream,
  joinAccount,
  readAccountUpstream,
} from '../../../../shared/account/limiter/account-upstream.ts';
import { accountKeys } from '../../../../shared/store/keys.ts';
import { runCli, runJson } from '../../../cli/run-cli.ts';
import { type Chain, startChain } from '../../../support/chain.ts';
import { recordLog } from '../../../support/recorded-log.ts';

let chain: Chain;
let other: Sandbox;
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
  other = await createSandbox({
    host: '127.0.0.1',
    port: 0,
    secretId: 'sandbox-secret-id',
    secretKey: 'sandbox-secret-key',
  });
});
afterAll(async () => {
  await other?.close();
  await chain?.stop();
});

const upstreamOf = () => readAccountUpstream(chain.redis, chain.accountKeys);

describe('a lane', { timeout: 120_000 }, () => {
  it('remembers the upstream of its first worker, and refuses one that would ask another, by name', async () => {
    expect(await upstreamOf()).toBeNull();
    const first = await chain.addWorker();
    expect(await upstreamOf()).toEqual({ endpoint: chain.sandbox.url, livemode: false, account: '' });
    await expect(chain.addWorker({ FACEID_ENDPOINT: other.url })).rejects.toThrow(
      new RegExp(
        `Lane ${chain.keys.lane} asks ${chain.sandbox.url} \\(sandbox\\), but this worker would ask ${other.url}.*lane upstream --reset`,
      ),
    );
    await expect(chain.addWorker({ LIVEMODE: 'true' })).rejects.toThrow(/would ask .* \(live\)/);
    expect((await chain.submit().then(({ id }) => chain.receiver.eventOf(id))).data.outcome?.verdict).toBe(
      'match',
    );
    expect(other.stats().requests).toBe(0);
    await first.stop();
  });

  it('is not stopped by new credentials of its account', async () => {
    const rotated = await chain.addWorker({
      TENCENTCLOUD_SECRET_ID: 'another-id',
      TENCENTCLOUD_SECRET_KEY: 'another',
    });
    await rotated.stop();
  });

  it('takes the first name that its account is given, and refuses another', async () => {
    const unnamed = await chain.addWorker();
    const named = await chain.addWorker({ UPSTREAM_ACCOUNT: 'shop' });
    expect(await upstreamOf()).toMatchObject({ account: 'shop' });
    await expect(chain.addWorker({ UPSTREAM_ACCOUNT: 'bank' })).rejects.toThrow(/account shop.*account bank/);
    await expect(chain.addWorker()).rejects.toThrow(/account shop/);
    const renewed = await joinAccount(chain.redis, chain.accountKeys, {
      upstream: { endpoint: chain.sandbox.url, livemode: false, account: '' },
      workerId: unnamed.workerId,
      renewing: true,
    });
    expect(renewed).toEqual({ status: 'joined' });
    await Promise.all([unnamed.stop(), named.stop()]);
  });

  it('is moved on purpose, but not under its workers', async () => {
    const worker = await chain.addWorker({ UPSTREAM_ACCOUNT: 'shop' });
    const refused = await runCli(['lane', 'upstream', '--reset', '--yes'], chain.environment);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/still has workers: [12] within the last 20 s/);
    await worker.stop();
    expect(await runJson(['lane', 'upstream'], chain.environment)).toMatchObject({
      upstream: { account: 'shop' },
    });
    expect(await runJson(['lane', 'upstream', '--reset', '--yes'], chain.environment)).toEqual({
      lane: chain.keys.lane,
      upstream: null,
    });
    const moved = await chain.addWorker({ FACEID_ENDPOINT: other.url });
    expect(await upstreamOf()).toMatchObject({ endpoint: other.url });
    await moved.stop();
  });

  it('is written down once when workers of two upstreams start at the same time', async () => {
    const keys = accountKeys('race');
    const upstreams: AccountUpstream[] = Array.from({ length: 10 }, (_, i) => ({
      endpoint: `https://host-${i}`,
      livemode: true,
      account: '',
    }));
    const joinings = await Promise.all(
      upstreams.map((upstream, i) =>
        joinAccount(chain.redis, keys, { upstream, workerId: `w${i}`, renewing: false }),
      ),
    );
    expect(joinings.filter(({ status }) => status === 'joined')).toHaveLength(1);
  });

  it('that was moved while a worker was away is asked nothing more by it', async () => {
    const own = await startChain({ redis: chain.redisServer });
    await own.redis.hset(own.accountKeys.upstream(), 'endpoint', 'https://elsewhere.example');
    await own.log.line(({ event }) => event === 'lane_upstream_changed');
    const { id } = await own.submit();
    await expect
      .poll(() => own.queues.verifications.getWaitingCount().then(() => own.verification(id)))
      .toMatchObject({ status: 'queued' });
    expect(own.sandbox.stats().requests).toBe(0);
    await own.stop();
  });
});

/** Commands that Redis has refused because its memory is full. */
const countRefused = async () =>
  Number(/errorstat_OOM:count=(\d+)/.exec(await chain.redis.info('errorstats'))?.[1] ?? 0);

it('a worker that Redis takes no writes from says so once, and enters its lane as soon as it does', async () => {
  const [keys, recorded, stopping] = [accountKeys('full'), recordLog(), new AbortController()];
  const upstream = { endpoint: 'https://upstream.example', livemode: false, account: '' };
  await chain.redis.config('SET', 'maxmemory', '1mb');
  try {
    const entering = enterAccount({
      redis: chain.redis,
      keys,
      workerId: 'w1',
      upstream,
      log: recorded.logger,
      signal: stopping.signal,
      onLost: () => expect.fail('the lane is its own'),
    });
    const { reason } = await recorded.line(({ event }) => event === 'lane_not_entered');
    expect(reason).toMatch(/OOM/);
    const refusedBefore = await countRefused();
    await expect.poll(countRefused, { timeout: 60_000 }).toBeGreaterThan(refusedBefore);
    await chain.redis.config('SET', 'maxmemory', '0');
    const membership = await entering;
    expect(await readAccountUpstream(chain.redis, keys)).toEqual(upstream);
    expect(recorded.lines.filter(({ event }) => event === 'lane_not_entered')).toHaveLength(1);
    await membership.leave();
    expect(await chain.redis.zcard(keys.workers())).toBe(0);
  } finally {
    await chain.redis.config('SET', 'maxmemory', '0');
  }
});
