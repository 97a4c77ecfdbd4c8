/** A receiver that has lost its database has everything again from the feed alone. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type FeedEvent, Veriqueue } from '../../client/veriqueue.ts';
import type { Database } from '../../examples/receiver/database.ts';
import { createReceiver } from '../../examples/receiver/receiver.ts';
import { schema, storeEvent } from '../../examples/receiver/store-event.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { makeDice } from '../storm/dice.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';

const EVENTS = 60;
const WAIT = { timeout: 120_000 };

let chain: Chain;
const postgres = new PGlite();

beforeAll(async () => {
  chain = await startChain({ workers: 0 });
  await postgres.exec(schema);
}, 120_000);
afterAll(async () => {
  await chain?.stop();
  await postgres.close();
});

/** Of ten transactions three fail: of these every second one has been committed, and only its answer is lost. */
function failing(database: Database, roll: () => number): Database {
  return {
    transaction: async (work) => {
      const dice = roll();
      if (dice < 0.15) throw new Error('the database is away');
      const result = await database.transaction(work);
      if (dice < 0.3) throw new Error('the answer is lost');
      return result;
    },
  };
}

async function startReceiver(client: ClientCredentials): Promise<string> {
  const server = createReceiver({
    database: failing(postgres, makeDice(19).next),
    secret: client.webhookSecret,
    onError: () => undefined,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}

async function readDatabase() {
  const events = await postgres.query<{ webhook_id: string; type: string }>(
    'SELECT webhook_id, type FROM received_events ORDER BY webhook_id',
  );
  const results = await postgres.query<{ verification_id: string }>(
    'SELECT * FROM verification_results ORDER BY verification_id',
  );
  return { events: events.rows, results: results.rows };
}

test('a receiver rebuilds its database from the feed after failures and killed workers', async () => {
  const client = await chain.addClient();
  const callbackUrl = await startReceiver(client);
  const workers = await Promise.all([chain.addWorkerProcess(), chain.addWorkerProcess()]);
  const submit = () =>
    chain.call('/v1/verifications', {
      as: client,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(makeSubmission(makePerson(), { callbackUrl })),
    });
  const api = new Veriqueue({ url: chain.url, apiKey: client.apiKey });
  const lastNumber = async () => Number(await chain.redis.hget(chain.keys.feedNumbers(), client.clientId));
  for (const worker of workers) {
    for (let i = 0; i < EVENTS / 2; i += 1) expect((await submit()).status).toBe(202);
    await expect.poll(lastNumber, WAIT).toBeGreaterThan(0);
    process.kill(worker.pid, 'SIGKILL');
    await worker.ended;
    await chain.addWorkerProcess();
  }
  await expect.poll(lastNumber, WAIT).toBe(EVENTS);
  const stored = async () => (await readDatabase()).events.length;
  await expect.poll(stored, WAIT).toBeGreaterThan(EVENTS / 2);
  const before = await readDatabase();

  await postgres.exec('DROP TABLE received_events; DROP TABLE verification_results');
  await postgres.exec(schema);
  const numbers: number[] = [];
  for await (const event of api.events()) {
    numbers.push(event.sequence);
    if (event.type === 'events.gone') expect.fail('no event is gone');
    // Its webhook may come first: deliveries that had not arrived yet go on.
    expect(['stored', 'repeated']).toContain(await storeEvent(postgres, event.id, event));
  }

  expect(numbers).toEqual(Array.from({ length: EVENTS }, (_, i) => i + 1));
  const rebuilt = await readDatabase();
  // What came by webhook has come back, the same in every column; and with it what had not arrived.
  expect(rebuilt.events).toEqual(expect.arrayContaining(before.events));
  expect(rebuilt.results).toEqual(expect.arrayContaining(before.results));
  const shown: string[] = [];
  for await (const { id, outcome } of api.list()) if (outcome !== null) shown.push(id);
  expect(rebuilt.results.map((row) => row.verification_id)).toEqual(shown.toSorted());
  expect(rebuilt.events).toHaveLength(EVENTS);
}, 400_000);

test('a receiver that follows gets every number once, and the webhook has the same', async () => {
  const client = await chain.addClient();
  const api = new Veriqueue({ url: chain.url, apiKey: client.apiKey });
  const ending = new AbortController();
  const followed: FeedEvent[] = [];
  const following = (async () => {
    for await (const event of api.events({ follow: true, signal: ending.signal })) {
      if (event.type === 'verification.completed') followed.push(event);
    }
  })().catch((error: unknown) => error);
  for (let i = 0; i < 5; i += 1) {
    const answer = await chain.call('/v1/verifications', {
      as: client,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(makeSubmission(makePerson())),
    });
    expect(answer.status).toBe(202);
  }
  await expect.poll(() => followed.map(({ sequence }) => sequence), WAIT).toEqual([1, 2, 3, 4, 5]);
  for (const { id, sequence, data } of followed) {
    await chain.receiver.eventOf(data.id);
    const posted = chain.receiver.deliveries.filter(({ webhookId }) => webhookId === id);
    expect(posted.map(({ event }) => event.sequence)).toEqual([sequence]);
  }
  ending.abort(new Error('enough'));
  expect(await following).toEqual(new Error('enough'));
}, 240_000);
