import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Database, databaseFromPool } from '../../../examples/receiver/database.ts';
import { createReceiver } from '../../../examples/receiver/receiver.ts';
import { schema } from '../../../examples/receiver/store-event.ts';
import { createDeliveryDispatcher } from '../../../shared/webhook/guarded-connector.ts';
import { createPoster } from '../../../shared/webhook/post-event.ts';
import { resolveWithSystem } from '../../../shared/webhook/resolve-host.ts';
import { computeWebhookHeaders } from '../../../shared/webhook/webhook-signature.ts';

const oldSecret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const newSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;

const outcome = {
  verdict: 'match',
  code: 'Success',
  description: 'Same person',
  sim: 89.88,
  requestId: 'req-1',
  action: 'none',
  billed: true,
  possiblyBilledAgain: false,
  completedAt: '2030-01-01T00:00:01.000Z',
};

const completed = {
  type: 'verification.completed',
  timestamp: outcome.completedAt,
  data: { id: 'ver_1', status: 'completed', reference: 'order-17', extra: null, attempts: [], outcome },
};

const failed = {
  type: 'verification.failed',
  timestamp: outcome.completedAt,
  data: {
    ...completed.data,
    status: 'failed',
    outcome: { ...outcome, verdict: 'error', code: 'InternalError', sim: null },
  },
};

const postgres = new PGlite();

beforeAll(async () => {
  await postgres.exec(schema);
});
beforeEach(async () => {
  await postgres.exec('TRUNCATE received_events, verification_results');
});
afterAll(async () => {
  await postgres.close();
});

/** The example receiver and the project's own way of delivering to it. */
async function startExample(database: Database = postgres, secret = oldSecret) {
  const errors: unknown[] = [];
  const server = createReceiver({ database, secret, onError: (error) => errors.push(error) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dispatcher = createDeliveryDispatcher({
    resolve: resolveWithSystem,
    allowInsecure: true,
    connectTimeoutMs: 5_000,
    connectionsPerOrigin: 8,
  });
  onTestFinished(async () => {
    await dispatcher.destroy();
    server.close();
  });
  const post = createPoster({ dispatcher, timeoutMs: 15_000, userAgent: 'Veriqueue/test', now: Date.now });
  const deliver = (id: string, event: object, secrets: readonly string[] = [oldSecret]) => {
    const body = Buffer.from(JSON.stringify(event));
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const headers = { ...computeWebhookHeaders({ id, timestampSeconds, body, secrets }) };
    return post({ url: `http://127.0.0.1:${port}/`, body, headers });
  };
  return { deliver, errors, url: `http://127.0.0.1:${port}/` };
}

const results = async () => (await postgres.query('SELECT * FROM verification_results')).rows;
const eventIds = async () => (await postgres.query('SELECT webhook_id FROM received_events ORDER BY 1')).rows;

describe('the example receiver, on PostgreSQL', () => {
  test('stores a verdict before it acknowledges it', async () => {
    const { deliver } = await startExample();
    expect(await deliver('evt_1', completed)).toMatchObject({ result: 'accepted', status: 204 });
    expect(await results()).toEqual([
      {
        verification_id: 'ver_1',
        reference: 'order-17',
        status: 'completed',
        verdict: 'match',
        code: 'Success',
        sim: 89.88,
        completed_at: new Date(outcome.completedAt),
      },
    ]);
  });

  test('stores a failure too', async () => {
    const { deliver } = await startExample();
    await deliver('evt_1', failed);
    expect(await results()).toMatchObject([{ status: 'failed', verdict: 'error', sim: null }]);
  });

  test('acknowledges a repetition and stores it once', async () => {
    const { deliver } = await startExample();
    await deliver('evt_1', completed);
    expect(await deliver('evt_1', completed)).toMatchObject({ result: 'accepted' });
    expect(await results()).toHaveLength(1);
  });

  test('stores one result when the same event arrives twenty times at once', async () => {
    const { deliver, errors } = await startExample();
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliver('evt_1', completed)));
    expect(answers.every(({ result }) => result === 'accepted')).toBe(true);
    expect({ results: await results(), errors }).toMatchObject({ results: [{}], errors: [] });
  });

  test('does not acknowledge what it could not store, and takes it at the next attempt', async () => {
    const down = { is: true };
    const flaky: Database = {
      transaction: (work) =>
        postgres.transaction(async (transaction) => {
          const result = await work(transaction);
          if (down.is) throw new Error('the database went away before the commit');
          return result;
        }),
    };
    const { deliver, errors } = await startExample(flaky);
    expect(await deliver('evt_1', completed)).toMatchObject({ result: 'refused', status: 500 });
    expect(await eventIds()).toEqual([]);
    down.is = false;
    expect(await deliver('evt_1', completed)).toMatchObject({ result: 'accepted' });
    expect(await results()).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });

  test('takes events throughout a rotation, before and after it has the new secret', async () => {
    const before = await startExample(postgres, oldSecret);
    const after = await startExample(postgres, newSecret);
    const both = [newSecret, oldSecret];
    expect(await before.deliver('evt_1', completed, both)).toMatchObject({ result: 'accepted' });
    expect(await after.deliver('evt_1', completed, both)).toMatchObject({ result: 'accepted' });
    expect(await after.deliver('evt_1', completed, [newSecret])).toMatchObject({ result: 'accepted' });
    expect(await results()).toHaveLength(1);
  });

  test('stores nothing that is not signed with its secret', async () => {
    const { deliver, url } = await startExample();
    expect(await deliver('evt_1', completed, [newSecret])).toMatchObject({ result: 'refused', status: 401 });
    const unsigned = await fetch(url, { method: 'POST', body: JSON.stringify(completed) });
    expect(unsigned.status).toBe(401);
    expect(await eventIds()).toEqual([]);
  });

  test('acknowledges a type it does not know, so that it is not sent for days', async () => {
    const { deliver } = await startExample();
    const event = { type: 'endpoint.test', timestamp: outcome.completedAt, data: {} };
    expect(await deliver('evt_2', event)).toMatchObject({ result: 'accepted' });
    expect(await eventIds()).toEqual([{ webhook_id: 'evt_2' }]);
    expect(await results()).toEqual([]);
  });

  test('reads no more than an event can be long', async () => {
    const { deliver, url } = await startExample();
    expect(await deliver('evt_1', { type: 'x', data: 'y'.repeat(70_000) })).toMatchObject({ status: 413 });
    expect((await fetch(url)).status).toBe(405);
  });
});

describe('databaseFromPool', () => {
  const makePool = (failOn: string | null) => {
    const log: string[] = [];
    const connection = {
      async query(sql: string) {
        log.push(sql);
        if (sql === failOn) throw new Error(`${sql} failed`);
        return { rows: [] };
      },
      release(error?: Error | boolean) {
        log.push(error === true ? 'close' : 'release');
      },
    };
    return { log, database: databaseFromPool({ connect: async () => connection }) };
  };

  test('commits, and gives the connection back', async () => {
    const { log, database } = makePool(null);
    await database.transaction((transaction) => transaction.query('SELECT 1'));
    expect(log).toEqual(['BEGIN', 'SELECT 1', 'COMMIT', 'release']);
  });

  test.each(['BEGIN', 'SELECT 1', 'COMMIT'])('closes the connection when %s fails', async (statement) => {
    const { log, database } = makePool(statement);
    await expect(database.transaction((transaction) => transaction.query('SELECT 1'))).rejects.toThrow(
      statement,
    );
    expect(log.at(-1)).toBe('close');
  });
});
