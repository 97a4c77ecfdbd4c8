import { z } from 'zod';
import { namesOfFields } from '../contract/field-names.ts';
import { jsonText } from '../contract/json-text.ts';
import {
  type Attempt,
  attempt,
  deliveryStatus,
  type Outcome,
  outcome,
  priority,
  verificationStatus,
} from '../contract/verification.ts';
import type { DailyWait } from '../outcomes/decide.ts';

/**
 * The record of one verification: one Redis hash, the system of record (BullMQ is only the engine).
 *
 * Attempts are fields of their own (`attempt:1`, `attempt:2` …), so that a script appends one without reading
 * the others. The subject is never here.
 */
export interface VerificationRecord {
  readonly id: string;
  readonly clientId: string;
  readonly status: z.infer<typeof storedStatus>;
  readonly priority: z.infer<typeof priority>;
  readonly reference: string | null;
  readonly extra: string | null;
  readonly callbackUrl: string | null;
  /** ms epoch */
  readonly submittedAt: number;
  readonly attempts: readonly Attempt[];
  /** Attempts that count against the allowed number; pace, holds and crashes do not. */
  readonly attemptsCounted: number;
  /** The wait that the upstream's limit per person ordered last. */
  readonly deferredBefore: DailyWait | 'none';
  /** An attempt left us without a readable answer. */
  readonly fateUnknown: boolean;
  /** ms epoch of the next attempt while `retrying` or `deferred` */
  readonly nextAttemptAt: number | null;
  readonly outcome: Outcome | null;
  readonly delivery: DeliveryState;
  /** How often a worker died with this verification in flight, and how often it was the only one. */
  readonly crashes: { readonly shared: number; readonly alone: number };
}

export interface DeliveryState {
  readonly status: z.infer<typeof deliveryStatus>;
  readonly attempts: number;
  /** ms epoch */
  readonly nextAttemptAt: number | null;
}

const storedStatus = verificationStatus.exclude(['held']);
const count = z.coerce.number().int().nonnegative();
const time = z.coerce.number().int().positive();

/** The fields of the hash but the attempts; what is left out is not set. */
export const recordFields = z.object({
  id: z.string(),
  client: z.string(),
  status: storedStatus,
  priority,
  reference: z.string().optional(),
  extra: z.string().optional(),
  callbackUrl: z.string().optional(),
  submittedAt: time,
  attemptsCounted: count.default(0),
  deferredBefore: z.enum(['none', 'minute', 'day']).default('none'),
  fateUnknown: z.literal('1').optional(),
  nextAttemptAt: time.optional(),
  outcome: jsonText(outcome).optional(),
  deliveryStatus: deliveryStatus.default('pending'),
  deliveryAttempts: count.default(0),
  deliveryNextAt: time.optional(),
  crashesShared: count.default(0),
  crashesAlone: count.default(0),
});

const attemptJson = jsonText(attempt);

export type ParsedRecord =
  | { readonly status: 'found'; readonly record: VerificationRecord }
  | { readonly status: 'missing' }
  | { readonly status: 'unreadable'; readonly fields: readonly string[] };

/** The door for what comes out of Redis: everything behind it trusts the types. Field names only, never values. */
export function parseRecord(hash: Readonly<Record<string, string>>): ParsedRecord {
  if (Object.keys(hash).length === 0) return { status: 'missing' };
  const parsed = recordFields.safeParse(hash);
  const attempts = Object.entries(hash)
    .filter(([name]) => name.startsWith('attempt:'))
    .sort(([a], [b]) => Number(a.slice(8)) - Number(b.slice(8)))
    .map(([name, text]) => ({ name, parsed: attemptJson.safeParse(text) }));
  const unreadable = [
    ...(parsed.success ? [] : namesOfFields(parsed.error)),
    ...attempts.filter((entry) => !entry.parsed.success).map((entry) => entry.name),
  ];
  if (!parsed.success || unreadable.length > 0) return { status: 'unreadable', fields: unreadable };
  const row = parsed.data;
  return {
    status: 'found',
    record: {
      id: row.id,
      clientId: row.client,
      status: row.status,
      priority: row.priority,
      reference: row.reference ?? null,
      extra: row.extra ?? null,
      callbackUrl: row.callbackUrl ?? null,
      submittedAt: row.submittedAt,
      attempts: attempts.flatMap((entry) => (entry.parsed.success ? [entry.parsed.data] : [])),
      attemptsCounted: row.attemptsCounted,
      deferredBefore: row.deferredBefore,
      fateUnknown: row.fateUnknown === '1',
      nextAttemptAt: row.nextAttemptAt ?? null,
      outcome: row.outcome ?? null,
      delivery: {
        status: row.deliveryStatus,
        attempts: row.deliveryAttempts,
        nextAttemptAt: row.deliveryNextAt ?? null,
      },
      crashes: { shared: row.crashesShared, alone: row.crashesAlone },
    },
  };
}

/** A flat HGETALL reply, as a script returns it. */
export function hashFromReply(reply: readonly string[]): Record<string, string> {
  const hash: Record<string, string> = {};
  for (let i = 0; i + 1 < reply.length; i += 2) hash[reply[i] ?? ''] = reply[i + 1] ?? '';
  return hash;
}
