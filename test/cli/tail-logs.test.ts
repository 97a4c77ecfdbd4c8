import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../shared/contract/console-logs.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import { type CliEnvironment, type RunningCli, startCli, startPlainCli } from './run-cli.ts';

const operatorKey = 'an-operator-key-of-the-tests';
let chain: Chain;
let remote: CliEnvironment;
beforeAll(async () => {
  chain = await startChain({ workers: 0, environment: { OPERATOR_KEY: operatorKey } });
  remote = { VERIQUEUE_OPERATOR_URL: chain.url, VERIQUEUE_OPERATOR_KEY: operatorKey };
});
afterAll(() => chain?.stop());

interface Line {
  readonly at: string;
  readonly log?: LogEntry;
  readonly lane?: object;
  readonly verification?: object;
}

async function untilLine(running: RunningCli, isWanted: (line: Line) => boolean): Promise<Line> {
  for (;;) {
    const line = await running.nextLine<Line>();
    if (isWanted(line)) return line;
  }
}

const loggersOf = async () =>
  [...String(await chain.redis.call('CLIENT', 'LIST')).matchAll(/name=(veriqueue-\w+-logs)/g)].map(
    ([, name]) => name,
  );

describe('veriqueue tail --logs', { timeout: 240_000 }, () => {
  it("shows what a worker process logs beside what happens, with no person's data in it", async () => {
    const worker = await chain.addWorkerProcess();
    expect(await loggersOf()).toEqual(['veriqueue-worker-logs']);
    const tail = startCli(['tail', '--logs'], remote);
    await untilLine(tail, ({ lane }) => lane !== undefined);
    const person = makePerson();
    const found = untilLine(tail, ({ log }) => log?.event === 'attempt');
    // A worker learns within a second that its finer lines are followed.
    const enough = new AbortController();
    const submitting = (async () => {
      while (!enough.signal.aborted) {
        await chain.submit({ ...makePerson(), name: person.name });
        await delay(300, undefined, { signal: enough.signal }).catch(() => undefined);
      }
    })();
    const { at, log } = await found;
    enough.abort();
    await submitting;
    expect(log).toMatchObject({
      at,
      level: 'info',
      message: 'upstream call',
      fields: { code: 'Success', verification: expect.stringMatching(/^ver_/) },
    });
    expect(log?.from).toMatch(new RegExp(`^worker@.+/${worker.pid}$`));
    expect(JSON.stringify(log)).not.toContain(person.name);
    expect(await tail.interrupt()).toBe(0);
    await worker.stop();
  });

  it('begins with warnings of before, that no follower asked for, and takes a level', async () => {
    const worker = await chain.addWorkerProcess();
    chain.sandbox.script('*', [{ code: 'UnauthorizedOperation.Arrears' }]);
    await chain.submit();
    const kept = async () =>
      JSON.stringify(await chain.redis.xrange(chain.keys.sharedLogs(), '-', '+')).includes('lane_held');
    await expect.poll(kept, { timeout: 60_000 }).toBe(true);
    for (const environment of [remote, chain.environment]) {
      const tail = startPlainCli(['tail', '--only-logs', '--level', 'warn', '--lines', '500'], environment);
      const shown = [];
      while (!shown.at(-1)?.includes('lane_held')) shown.push(await tail.nextText());
      expect(shown.at(-1)).toMatch(
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}warn {3}worker@\S+\/\d+ {2}lane_held {2}/,
      );
      for (const line of shown) expect(line).toMatch(/Z {2}(warn|error|fatal)/);
      expect(await tail.interrupt()).toBe(0);
    }
    await worker.stop();
  });

  it('has nothing from a process with LOG_SHARING=false, and says so', async () => {
    await chain.redis.del(chain.keys.sharedLogs());
    const worker = await chain.addWorkerProcess({ LOG_SHARING: 'false' });
    expect(await loggersOf()).toEqual([]);
    const tail = startPlainCli(['tail', '--logs'], remote);
    expect(await tail.nextText()).toContain(`lane ${chain.keys.lane} is `);
    expect(await tail.interrupt()).toBe(0);
    expect(await tail.errors).toContain('No log lines yet');
    await worker.stop();
    expect(await chain.redis.exists(chain.keys.sharedLogs())).toBe(0);
  });
});
