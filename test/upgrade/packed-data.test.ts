import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { GOES_ON, loadDataSet, readDataSet } from './data-set.ts';
import { openInstallation } from './make/installation.ts';

const data = readDataSet('data-0.1-packed.jsonl');
const later = data.later ?? expect.fail('the data set must have what came later');
const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** The last version whose workers did not write packed jobs: docs/upgrading.md says that they work on those. */
const BEFORE_PACKING = 'ad739d92e9ca';

const idOf = (name: string) =>
  data.verifications.find((each) => each.name === name)?.id ?? expect.fail(`${name} must be in the data`);

async function startOnData(): Promise<{ readonly chain: Chain; readonly other: WebhookReceiver }> {
  const other = await startWebhookReceiver();
  const chain = await startChain({
    workers: 0,
    environment: { ...data.environment, SLOW_PROBE_INTERVAL: '250ms', PERSON_PER_DAY: '3' },
    seed: (redis, addresses) =>
      loadDataSet(redis, data, {
        downForMs: 15 * 60_000,
        addresses: { ...addresses, otherReceiver: new URL(other.url).host },
      }),
  });
  onTestFinished(async () => {
    await chain.stop();
    await other.close();
  });
  for (const receiver of [chain.receiver, other]) receiver.acceptEarlier();
  const secrets = Object.values(data.clients).map(({ webhookSecret }) => webhookSecret);
  for (const secret of [...secrets, later.test.webhookSecret]) chain.receiver.trust(secret);
  other.trust(later.endpoint.secret);
  return { chain, other };
}

const cameOnce = (receiver: WebhookReceiver, id: string) =>
  receiver.deliveries.filter(({ event }) => event.data.id === id).length === 1;

describe('the data of version 0.1 with packed jobs, an endpoint and a test key', () => {
  it('has jobs that Redis packs', () => {
    const jobs = data.keys.flatMap((stored) =>
      stored.type === 'hash' && /:verifications:ver_/.test(stored.key) ? [stored.value] : [],
    );
    const lengths = jobs.flatMap((fields) => fields.map(([, value]) => String(value).length));
    expect(jobs.length).toBeGreaterThan(5);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(64);
  });

  it('is finished: each event comes once to its callback, and to the endpoint, and the test has its answer', async () => {
    const { chain, other } = await startOnData();
    await chain.addWorker();
    await chain.addWorker({ LANE: data.environment['TEST_LANE'] ?? '' });
    for (const name of GOES_ON) await chain.receiver.eventOf(idOf(name), 60_000);
    for (const name of ['delivered-match', 'queued-1']) await other.eventOf(idOf(name), 60_000);
    const test = await chain.receiver.eventOf(later.test.id, 60_000);
    expect(test.data).toMatchObject({ livemode: false, outcome: { verdict: 'match' } });
    const as = { ...(data.clients[later.test.client] ?? chain.client), apiKey: later.test.apiKey };
    const shown = await chain.call(`/v1/verifications/${later.test.id}`, { as });
    expect((await shown.json()) as Verification).toMatchObject({ status: 'completed' });
    expect(GOES_ON.filter((name) => !cameOnce(chain.receiver, idOf(name)))).toEqual([]);
    expect([...chain.receiver.rejections, ...other.rejections]).toEqual([]);
    const troubles = chain.log.lines.filter(({ event = '' }) =>
      /unreadable|job_set_aside|job_error/.test(event),
    );
    expect(troubles).toEqual([]);
  });

  it('is finished by a worker of the version before, where its history is at hand', async ({ skip }) => {
    const before = `${BEFORE_PACKING}^`;
    const hasHistory = await run('git', ['cat-file', '-e', `${before}^{commit}`], { cwd: root }).then(
      () => true,
      () => false,
    );
    if (!hasHistory) skip('this checkout has no history');
    const folder = await mkdtemp(join(tmpdir(), 'veriqueue-before-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await run('git', ['archive', '--output', join(folder, 'before.tar'), before], { cwd: root });
    await run('tar', ['-xf', 'before.tar'], { cwd: folder });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const { chain } = await startOnData();
    const worker = await openInstallation(folder).start('worker', {
      ...chain.environment,
      LOG_LEVEL: 'error',
    });
    onTestFinished(() => worker.stop());
    for (const name of GOES_ON) await chain.receiver.eventOf(idOf(name), 60_000);
    expect(GOES_ON.filter((name) => !cameOnce(chain.receiver, idOf(name)))).toEqual([]);
  });
});
