import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishVerification } from '../../shared/store/verifications/finish.ts';
import { defaultEndpointPolicy } from '../../worker/delivery/endpoint-admission.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { acceptRecord, makeFinishing, makeOutcome, mustRead, storeOf } from '../support/records.ts';

const ENDPOINTS = 100;
const EVENTS_EACH = 5;
/** Of the worker. */
const PLACES = 16;
/** More than there are places: without a cap the hung endpoint would take them all. */
const EVENTS_OF_HUNG = 24;

/** Receivers on origins of their own; the first of them reads each request and does not answer. */
class Receivers {
  readonly arrived = new Map<string, number>();
  readonly held: ServerResponse[] = [];
  readonly origins: string[] = [];
  readonly #servers: Server[] = [];
  readonly #awaited: { readonly count: number; readonly resolve: () => void }[] = [];
  #hangs = true;

  async open(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const server = createServer((request, response) => {
        request.resume();
        request.once('end', () => this.#receive(i, String(request.headers['webhook-id']), response));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      this.#servers.push(server);
      this.origins.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
  }

  #receive(endpoint: number, webhookId: string, response: ServerResponse): void {
    if (endpoint === 0 && this.#hangs) {
      this.held.push(response);
      return;
    }
    this.arrived.set(webhookId, endpoint);
    response.writeHead(204).end();
    for (const { count, resolve } of this.#awaited) if (this.arrived.size >= count) resolve();
  }

  /** Resolves when so many different events were answered. */
  untilArrived(count: number): Promise<void> {
    if (this.arrived.size >= count) return Promise.resolve();
    return new Promise((resolve) => this.#awaited.push({ count, resolve }));
  }

  /** Every request that hung is answered at last. */
  release(): void {
    this.#hangs = false;
    for (const response of this.held) response.writeHead(204).end();
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    await Promise.all(this.#servers.map((server) => (server.listening ? once(server, 'close') : undefined)));
  }
}

let chain: Chain;
const receivers = new Receivers();
beforeAll(async () => {
  await receivers.open(ENDPOINTS);
  chain = await startChain({
    workers: 0,
    environment: { DELIVERY_CONCURRENCY: String(PLACES), DELIVERY_SCHEDULE: `0s${',100ms'.repeat(20)}` },
  });
});
afterAll(async () => {
  await chain.stop();
  await receivers.close();
});

/** Verifications with their outcome, each of a client whose events go to this origin, and their delivery jobs. */
async function makeEvents(origin: string, count: number) {
  const { redis, keys } = chain;
  const keyRing = workerEnvironment.parse(chain.environment).VERIQUEUE_KEYS;
  const { clientId } = await chain.addClient({ callbackUrl: `${origin}/events` });
  const outcome = makeOutcome();
  return Promise.all(
    Array.from({ length: count }, async () => {
      const id = await acceptRecord(redis, keys, keyRing, { clientId });
      await finishVerification(storeOf(redis, keys), makeFinishing(id, { clientId, outcome }));
      return {
        name: 'deliver',
        data: { id, clientId },
        opts: { jobId: id, priority: 1, removeOnComplete: true },
      };
    }),
  );
}

describe('one endpoint of a hundred that hangs', () => {
  it('holds a bounded number of places while all events of the others arrive, and uses up nothing of its own', async () => {
    const [first = '', ...rest] = receivers.origins;
    const ofHung = await makeEvents(first, EVENTS_OF_HUNG);
    const ofOthers = await Promise.all(rest.map((origin) => makeEvents(origin, EVENTS_EACH)));
    // The hung endpoint's come first, so that they could take every place there is.
    await chain.queues.deliveries.addBulk([...ofHung, ...ofOthers.flat()]);
    await chain.addWorkerProcess();

    await receivers.untilArrived(rest.length * EVENTS_EACH);
    expect([...receivers.arrived.values()]).not.toContain(0);
    expect(receivers.held).toHaveLength(defaultEndpointPolicy.maxInFlight);
    // The very first requests: not one of them has ended, by an answer or by the deadline.
    expect(receivers.held.every(({ socket }) => socket?.destroyed === false)).toBe(true);
    for (const { data } of ofHung) {
      const { delivery } = await mustRead(chain.redis, chain.keys, data.id);
      expect(delivery).toMatchObject({ attempts: 0 });
      expect(['pending', 'delivering']).toContain(delivery.status);
      expect(await chain.queues.deliveries.getJobState(data.id)).toMatch(/active|delayed|prioritized/);
    }
    receivers.release();
  }, 60_000);
});
