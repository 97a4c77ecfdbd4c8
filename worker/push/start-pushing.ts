import { pause } from '../../shared/pause.ts';
import type { Client, ClientEndpoint, ClientReading } from '../../shared/store/clients/client.ts';
import { OPERATORS } from '../../shared/store/push/push-endpoint.ts';
import type { PushDeps } from './push-deps.ts';
import { isUsable, pushEvents } from './push-events.ts';

/** Sends to the endpoints of clients: at once when an event of theirs is delivered here, and otherwise when a look finds some. */
export interface Pushing {
  /** A client with endpoints may have a further event. */
  note(client: Client): void;
  /** Ends between two events. */
  stop(): Promise<void>;
}

export type StartPushingDeps = Omit<PushDeps, 'readEndpoint' | 'signal' | 'pause'> & {
  /** Also of {@link OPERATORS}. */
  readonly readClient: (clientId: string) => Promise<ClientReading>;
  /** Before each look, while operators have endpoints: it writes what they are to get. */
  readonly announceLane: () => Promise<void>;
};

/**
 * How often all clients with endpoints are looked at: for what a worker that died had in hand, and for what a client has
 * changed. One small command where no client has any.
 */
const LOOK_EVERY_MS = 5_000;

export function startPushing(deps: StartPushingDeps): Pushing {
  return new EndpointPushing(deps);
}

class EndpointPushing implements Pushing {
  readonly #deps: PushDeps & StartPushingDeps;
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  /** Of these a further event was noted while they were being sent to. */
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #looks: NodeJS.Timeout;

  constructor(deps: StartPushingDeps) {
    const { signal } = this.#stopping;
    this.#deps = {
      ...deps,
      signal,
      pause: (ms) => pause(ms, signal),
      readEndpoint: async (clientId, id) => {
        const reading = await deps.readClient(clientId);
        if (reading.status !== 'found') return null;
        const { client } = reading;
        return client.endpoints.find((endpoint) => endpoint.id === id && isUsable(client, endpoint)) ?? null;
      },
    };
    this.#looks = setInterval(() => void this.#lookAtAll(), LOOK_EVERY_MS).unref();
  }

  note(client: Client): void {
    if (this.#stopping.signal.aborted) return;
    for (const endpoint of client.endpoints) this.#start(client, endpoint);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#looks);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running.values());
  }

  #start(client: Client, endpoint: ClientEndpoint): void {
    const key = `${client.id} ${endpoint.id}`;
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    const run = this.#push(client, endpoint, key).finally(() => {
      this.#running.delete(key);
      if (this.#again.delete(key)) void this.#look(client.id);
    });
    this.#running.set(key, run);
  }

  async #push(client: Client, endpoint: ClientEndpoint, key: string): Promise<void> {
    try {
      const { at } = await pushEvents(this.#deps, client, endpoint);
      if (at === null || this.#stopping.signal.aborted) return;
      const delayMs = Math.min(Math.max(at - this.#deps.now(), 0), LOOK_EVERY_MS);
      const look = () => {
        // The endpoint may have been removed: nothing would take its timer away.
        this.#timers.delete(key);
        void this.#look(client.id);
      };
      this.#timers.set(key, setTimeout(look, delayMs).unref());
    } catch (error) {
      // The next look finds what is left.
      this.#report(error, client.id);
    }
  }

  async #look(clientId: string): Promise<void> {
    try {
      const reading = await this.#deps.readClient(clientId);
      if (reading.status === 'found') this.note(reading.client);
    } catch (error) {
      this.#report(error, clientId);
    }
  }

  async #lookAtAll(): Promise<void> {
    const { redis, keys } = this.#deps;
    try {
      const clientIds = await redis.smembers(keys.pushClients());
      if (clientIds.includes(OPERATORS)) await this.#announceLane();
      for (const clientId of clientIds) await this.#look(clientId);
    } catch (error) {
      this.#report(error, null);
    }
  }

  /** What keeps it from that keeps no client from its events. */
  async #announceLane(): Promise<void> {
    try {
      await this.#deps.announceLane();
    } catch (error) {
      this.#report(error, OPERATORS);
    }
  }

  #report(error: unknown, client: string | null): void {
    if (this.#stopping.signal.aborted || this.#deps.writes.note(error)) return;
    this.#deps.log.error({ event: 'push_failed', client, err: error }, 'events cannot be sent to endpoints');
  }
}
