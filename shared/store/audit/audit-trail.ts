import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { operatorActor } from '../../audit/actor.ts';
import {
  type AuditEvent,
  type AuditLine,
  auditEvent,
  auditLine,
  FIRST_LINK,
} from '../../audit/audit-entry.ts';
import { makeLine } from '../../audit/make-line.ts';
import { kindOfTarget } from '../../audit/target-kind.ts';
import { jsonText } from '../../contract/json-text.ts';
import type { SigningKey } from '../../signing/signing-keys.ts';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const noteScript = loadScript(new URL('../scripts/note-audit.lua', import.meta.url));
const chainScript = loadScript(new URL('../scripts/chain-audit.lua', import.meta.url));
const adoptScript = loadScript(new URL('../scripts/adopt-activity.lua', import.meta.url));

/** No command is sent again after so long. */
const NOTED_MS = 300_000;

/** Put into the chain at a time. */
const BATCH = 100;

/**
 * So many events wait for a process with a signing key. From then on they are chained unsigned, as a verification finds: without
 * any key left in the deployment they would fill Redis, and none would ever be old enough to be dropped.
 */
export const MAX_WAITING_FOR_KEY = 10_000;

/**
 * Writes down what was done, in Redis, before it returns. It becomes an entry of the chain a moment later
 * ({@link chainAudit}): a hash of 256 bits cannot be computed within Redis.
 */
export async function noteAudit(redis: Redis, keys: StoreKeys, ...events: AuditEvent[]): Promise<void> {
  const places = [keys.auditWaiting(), keys.auditNoted(randomUUID())];
  await noteScript(redis, places, [NOTED_MS, ...events.map(encodeAuditEvent)]);
}

/** As scripts that write an event with the change itself are given it. */
export function encodeAuditEvent(event: AuditEvent): string {
  return JSON.stringify(event);
}

// Of a line of Activity, what it was done to is not written down.
const waitingEvent = z.union([
  jsonText(auditEvent),
  jsonText(
    z
      .object({ actor: z.string(), action: z.string(), target: z.string(), result: z.string() })
      .extend({ adopted: z.literal(true) })
      .transform(({ actor, action, target, result }): AuditEvent => {
        const id = target === '' ? null : target;
        return {
          ...operatorActor(actor),
          action,
          targetKind: kindOfTarget(action, id),
          target: id,
          result,
          details: { adopted: true },
        };
      }),
  ),
]);

/** What stands there when it is none of ours: it is not lost, and its place shows that it was there. */
const UNREADABLE: AuditEvent = {
  actorKind: 'system',
  actor: 'unknown',
  action: 'unreadable_event',
  targetKind: 'audit',
  target: null,
  result: 'unreadable',
};

export interface ChainingDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  /** null: entries stay unsigned. Behind signed ones, they wait for a process with a key, up to {@link MAX_WAITING_FOR_KEY}. */
  readonly signingKey: SigningKey | null;
  /** Called when too many wait for a key, and the trail goes on unsigned. */
  readonly onUnsigned?: (waiting: number) => void;
}

/**
 * Puts everything that waits into the chain. Several processes may do so at once: each batch goes behind the entry that
 * its maker has seen last, or is made again.
 *
 * @returns how many entries it added
 * @throws whatever ioredis throws; what waits goes on waiting
 */
export async function chainAudit(deps: ChainingDeps): Promise<number> {
  const { redis, keys, signingKey } = deps;
  let added = 0;
  for (;;) {
    // The head first: one that moves between the two is found out below. The other way round, what it took would be taken again.
    const head = await redis.hmget(keys.auditHead(), 'number', 'hash', 'keyId');
    const waiting = await redis.lrange(keys.auditWaiting(), 0, BATCH - 1);
    const [number = null, hash = null, keyId = null] = head;
    if (waiting.length === 0) return added;
    if (signingKey === null && keyId !== null && keyId !== '') {
      const all = await redis.llen(keys.auditWaiting());
      if (all <= MAX_WAITING_FOR_KEY) return added;
      deps.onUnsigned?.(all);
    }
    const lines = makeLines({ ...deps, waiting }, { number: Number(number ?? 0), hash: hash ?? FIRST_LINK });
    const last = lines.at(-1);
    const reply = await chainScript(
      redis,
      [keys.auditWaiting(), keys.auditTrail(), keys.auditHead()],
      [
        ...[number ?? '0', hash ?? '', last?.hash ?? '', last?.keyId ?? ''],
        ...lines.map((line) => JSON.stringify(line)),
      ],
    );
    if (reply === 'chained') added += lines.length;
  }
}

function makeLines(
  { keys, signingKey, waiting }: ChainingDeps & { readonly waiting: readonly string[] },
  head: { readonly number: number; readonly hash: string },
): AuditLine[] {
  let previous = head.hash;
  return waiting.map((text, i) => {
    const [, at = '0', event = ''] = /^(\d{1,15}) (.*)$/s.exec(text) ?? [];
    const read = waitingEvent.safeParse(event);
    const { details = {}, ...rest } = read.success ? read.data : UNREADABLE;
    const entry = {
      number: head.number + i + 1,
      at: new Date(Number(at)).toISOString(),
      lane: keys.lane,
      ...rest,
      details,
    };
    const line = makeLine(previous, entry, signingKey);
    previous = line.hash;
    return line;
  });
}

/** Takes over what a version before writes to Activity, 1,000 lines at a time. */
export async function adoptActivity(redis: Redis, keys: StoreKeys): Promise<number> {
  const places = [keys.operatorActivity(), keys.auditWaiting(), keys.auditHead()];
  return Number(await adoptScript(redis, places, [1_000]));
}

export interface AuditReading {
  /** In their order; null for what cannot be read as an entry. */
  readonly lines: readonly (AuditLine | null)[];
  /** Where to go on; null at the end. */
  readonly next: number | null;
}

const storedLine = jsonText(auditLine);

/** Entries behind a number, `limit` at most. */
export async function readAudit(
  redis: Redis,
  keys: StoreKeys,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<AuditReading> {
  const stored = await redis.xrange(keys.auditTrail(), `(0-${after}`, '+', 'COUNT', limit);
  const last = stored.at(-1)?.[0];
  return {
    lines: stored.map(([, fields]) => parseStored(fields)),
    next: stored.length < limit || last === undefined ? null : Number(last.split('-')[1]),
  };
}

/** Entries before a number, the latest first. @param before null: from the end */
export async function readAuditBackwards(
  redis: Redis,
  keys: StoreKeys,
  { before, limit }: { readonly before: number | null; readonly limit: number },
): Promise<readonly (AuditLine | null)[]> {
  const from = before === null ? '+' : `(0-${before}`;
  const stored = await redis.xrevrange(keys.auditTrail(), from, '-', 'COUNT', limit);
  return stored.map(([, fields]) => parseStored(fields));
}

function parseStored(fields: readonly string[]): AuditLine | null {
  const parsed = storedLine.safeParse(fields[1]);
  return parsed.success ? parsed.data : null;
}
