import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import type { ErasureStatement } from '../../contract/receipt.ts';
import { readRecord } from './read.ts';
import type { VerificationRecord } from './verification-record.ts';
import type { VerificationStore } from './verification-store.ts';

const time = z.coerce.number().int().positive();
/** What `erase.lua` leaves. */
const erasure = z.object({
  erasedAt: time,
  by: z.enum(['client', 'operator', 'system']),
  submittedAt: time.or(z.literal('')),
  outcome: jsonText(z.object({ completedAt: z.iso.datetime() })).or(z.literal('')),
  shreddedAt: time.or(z.literal('')),
  had: z.enum(['0', '1']),
  photoAt: z.string(),
});

export type ErasureReading =
  | { readonly status: 'erased'; readonly statement: ErasureStatement }
  /** Its photo waits for the answer. */
  | { readonly status: 'kept' }
  | { readonly status: 'missing' };

export interface ErasureQuestion {
  readonly id: string;
  readonly clientId: string;
  /** Whether photos may lie, or have lain, outside Redis. */
  readonly hasObjectStore: boolean;
  /** ms epoch */
  readonly now: number;
}

/** What was deleted of a client's verification, and when. */
export async function readErasure(
  store: VerificationStore,
  question: ErasureQuestion,
): Promise<ErasureReading> {
  const { redis, keys } = store;
  const { id, clientId } = question;
  const left = erasure.safeParse(await redis.hgetall(keys.erasure(clientId, id)));
  if (left.success) return { status: 'erased', statement: await describeErasure(store, question, left.data) };
  const reading = await readRecord(redis, keys, id);
  if (reading.status !== 'found' || reading.record.clientId !== clientId) return { status: 'missing' };
  return describeRecord(store, question, reading.record);
}

async function describeErasure(
  { redis, keys }: VerificationStore,
  { id, clientId, hasObjectStore, now }: ErasureQuestion,
  { erasedAt, by, submittedAt, outcome, shreddedAt, had, photoAt }: z.output<typeof erasure>,
): Promise<ErasureStatement> {
  const before = outcome === '' ? shreddedAt : Date.parse(outcome.completedAt);
  const subjectAt = had === '1' || before === '' ? erasedAt : before;
  const isNone = had === '1' || !hasObjectStore;
  const isPending = photoAt !== '' && (await redis.zscore(keys.photosToDelete(), photoAt)) !== null;
  return {
    lane: keys.lane,
    clientId,
    verification: id,
    reason: by === 'client' ? 'erased_by_client' : 'erased_by_operator',
    submittedAt: submittedAt === '' ? null : toInstant(submittedAt),
    deleted: [...subjectDeleted(subjectAt), { what: 'record', at: toInstant(erasedAt) }],
    photoObject: photoAt !== '' ? (isPending ? 'pending' : 'deleted') : isNone ? 'none' : 'unreadable',
    issuedAt: toInstant(now),
  };
}

async function describeRecord(
  { redis, keys }: VerificationStore,
  { id, clientId, hasObjectStore, now }: ErasureQuestion,
  { status, outcome, submittedAt }: VerificationRecord,
): Promise<ErasureReading> {
  if (outcome === null && status !== 'cancelled') return { status: 'kept' };
  const cancelledAt = outcome === null ? await redis.hget(keys.record(id), 'shreddedAt') : null;
  // A version before did not write down when it was cancelled: it is deleted by now.
  const at = outcome === null ? Number(cancelledAt ?? now) : Date.parse(outcome.completedAt);
  const statement: ErasureStatement = {
    lane: keys.lane,
    clientId,
    verification: id,
    reason: outcome === null ? 'cancelled' : 'answered',
    submittedAt: toInstant(submittedAt),
    deleted: subjectDeleted(at),
    photoObject: hasObjectStore ? 'unreadable' : 'none',
    issuedAt: toInstant(now),
  };
  return { status: 'erased', statement };
}

/** One step deletes all three. */
const subjectDeleted = (at: number): ErasureStatement['deleted'] =>
  (['data_key', 'id_number_and_name', 'photo'] as const).map((what) => ({ what, at: toInstant(at) }));

const toInstant = (ms: number): string => new Date(ms).toISOString();
