import type { Redis } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import {
  type EndpointHealth,
  parseEndpointHealth,
  writeEndpointHealth,
} from '../endpoints/endpoint-health.ts';
import type { StoreKeys } from '../keys.ts';
import { type ClientNotice, noticeArguments } from '../notices/written-notice.ts';
import { readOr } from '../redis/failure.ts';
import { loadScript } from '../redis/script.ts';
import { hashFromReply } from '../verifications/verification-record.ts';

interface Store {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}

const latestAttempt = z.object({
  at: z.iso.datetime(),
  sequence: z.number(),
  status: z.number().nullable(),
  errorClass: z.string().nullable(),
});
export type LatestAttempt = Readonly<z.infer<typeof latestAttempt>>;

const count = z.coerce.number().int().nonnegative().catch(0);
const storedState = z.object({
  after: count,
  attempts: count,
  dead: count,
  epoch: z.string().catch('0'),
  nextAt: z.coerce.number().nullable().catch(null).default(null),
  health: z.string().nullable().catch(null).default(null),
  latest: jsonText(latestAttempt).nullable().catch(null).default(null),
  from: z.coerce.number().nullable().catch(null).default(null),
  types: z.string().catch('').default(''),
  passedBy: jsonText(z.array(z.number())).catch([]).default([]),
});

/** How far the deliveries to one endpoint are. */
export interface PushState {
  /** All of its events up to this number have been sent, or passed by. */
  readonly after: number;
  /** At the event after it. */
  readonly attempts: number;
  /** ms epoch; null: at once */
  readonly nextAt: number | null;
  readonly dead: number;
  readonly health: EndpointHealth;
  readonly latest: LatestAttempt | null;
  /** Behind this number, all events of its present types have been sent or passed by; null: of a version before. */
  readonly from: number | null;
  /** Its types when `from` was written, separated by spaces. */
  readonly types: string;
  /** Numbers of events that were passed by, the latest of them, in their order. */
  readonly passedBy: readonly number[];
  /** Of the client's changes of the position. */
  readonly epoch: string;
}

const takeScript = loadScript(new URL('../scripts/take-push.lua', import.meta.url));
const saveScript = loadScript(new URL('../scripts/save-push.lua', import.meta.url));
const restartScript = loadScript(new URL('../scripts/restart-push.lua', import.meta.url));

export type PushTaking =
  | { readonly status: 'taken'; readonly state: PushState }
  /** Another process delivers to it. */
  | { readonly status: 'busy' }
  | { readonly status: 'missing' };

/** After so long without a word from the process that has them, another takes the deliveries; longer than an attempt takes. */
const HELD_FOR_MS = 30_000;

/** @param owner a token of its own for each process */
export async function takePush(
  { redis, keys }: Store,
  clientId: string,
  id: string,
  owner: string,
): Promise<PushTaking> {
  const reply = (await takeScript(redis, [keys.push(clientId, id)], [owner, HELD_FOR_MS])) as string[];
  const [status, ...fields] = reply;
  if (status !== 'taken') return { status: status === 'busy' ? 'busy' : 'missing' };
  return { status, state: parseState(hashFromReply(fields)) };
}

/**
 * What of the state is written; `release` gives the hold back, and `notice` goes with an event that is passed by: about this
 * verification, if about any.
 */
export type PushProgress = Partial<Omit<PushState, 'epoch'>> & {
  readonly release?: true;
  readonly notice?: ClientNotice | null;
  readonly about?: string | null;
};

/** @returns false when the deliveries are not this process' any more, or begin elsewhere now */
export async function savePush(
  { redis, keys }: Store,
  { clientId, id, owner, epoch }: { clientId: string; id: string; owner: string; epoch: string },
  { release, notice, about, ...progress }: PushProgress,
): Promise<boolean> {
  const fields = Object.entries(progress).flatMap(([name, value]) => [name, toText(name, value)]);
  const heldForMs = release ? 0 : HELD_FOR_MS;
  const args = [owner, heldForMs, epoch, keys.tag, ...noticeArguments(notice), about ?? '', ...fields];
  return (await saveScript(redis, [keys.push(clientId, id)], args)) === 'saved';
}

function toText(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (name === 'health') return writeEndpointHealth(value as EndpointHealth);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The states of a client's endpoints, in the order asked for; null where there is none. */
export async function readPushes(
  { redis, keys }: Store,
  clientId: string,
  ids: readonly string[],
): Promise<readonly (PushState | null)[]> {
  const hashes = await Promise.all(
    ids.map((id) => readOr(redis.hgetall(keys.push(clientId, id)), {} as Record<string, string>)),
  );
  return hashes.map((hash) => (hash['after'] === undefined ? null : parseState(hash)));
}

function parseState(hash: Readonly<Record<string, string>>): PushState {
  const { health, ...rest } = storedState.parse(hash);
  return { ...rest, health: parseEndpointHealth(health) };
}

/** The position of a new endpoint. */
export async function startPush(
  { redis, keys }: Store,
  clientId: string,
  id: string,
  after: number,
): Promise<void> {
  await redis.hset(keys.push(clientId, id), 'after', after, 'epoch', 0);
}

/** Lets an endpoint go on that was enabled, and begin again `after` a number where one is given. */
export async function goOn(
  { redis, keys }: Store,
  clientId: string,
  id: string,
  { enabled, after }: { readonly enabled?: boolean | undefined; readonly after?: number | undefined },
): Promise<void> {
  if (after === undefined && !enabled) return;
  await restartScript(redis, [keys.push(clientId, id)], [after ?? '']);
}

export async function removePush({ redis, keys }: Store, clientId: string, id: string): Promise<void> {
  await redis.del(keys.push(clientId, id));
}
