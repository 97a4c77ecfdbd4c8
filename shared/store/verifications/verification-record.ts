import { z } from 'zod';
import { namesOfFields } from '../../contract/field-names.ts';
import { jsonText } from '../../contract/json-text.ts';
import { pickFields, STORED_FIELDS, type StoredField } from '../../contract/submission-fields.ts';
import {
  type Attempt,
  attempt,
  deliveryStatus,
  type Outcome,
  outcome,
  priority,
  promiseExtension,
  verificationStatus,
} from '../../contract/verification.ts';
import type { DailyWait } from '../../outcomes/retry-policy.ts';
import type { OwnedClaim } from './owned-claim.ts';
import type { Extension, PromisedTime } from './promised-time.ts';

/**
 * The record of one verification: one Redis hash, the system of record (BullMQ is only the engine).
 *
 * Attempts are fields of their own (`attempt:1`, `attempt:2` …), so that a script appends one without reading
 * the others. The subject is never here.
 */
export interface VerificationRecord extends Readonly<z.infer<z.ZodObject<typeof options>>> {
  readonly id: string;
  readonly clientId: string;
  readonly status: z.infer<typeof storedStatus>;
  /** Whether the real upstream answers it, or the sandbox; null when that was unknown at its submission. */
  readonly livemode: boolean | null;
  /** ms epoch */
  readonly submittedAt: number;
  readonly attempts: readonly Attempt[];
  /** Attempts that count against the allowed number; refusals as too fast, holds and crashes do not. */
  readonly attemptsCounted: number;
  /** The wait that the upstream's limit per person ordered last. */
  readonly deferredBefore: DailyWait | 'none';
  /** ms epoch of the next attempt while `retrying` or `deferred` */
  readonly nextAttemptAt: number | null;
  readonly outcome: Outcome | null;
  readonly delivery: DeliveryState;
  /** The run that has it in hand; null: none, or one of a version that names no token. */
  readonly claim: OwnedClaim | null;
  /** Where the call of that run stands among those that wait for a slot; null without a claim. */
  readonly turn: { readonly class: number; readonly tag: number } | null;
  /** The call whose request is leaving, or has left and is not noted yet; its id is null where a version named none. */
  readonly mark: { readonly call: string | null; readonly at: string } | null;
  /** The number among `attempts` by a call's id. `isGuess`: it was taken for lost, and an answer may still come. */
  readonly calls: ReadonlyMap<string, { readonly index: number; readonly isGuess: boolean }>;
  /** Whether a receiver may know the outcome. */
  readonly isPublished: boolean;
  /** Differs whenever anything has changed that outcome and event are made of. */
  readonly revision: string;
  readonly deaths: Deaths;
  /** By when it was promised to be asked about; null where nothing was, as in records of versions before. */
  readonly promise: RecordedPromise | null;
}

/** A promised time, and what became of it. */
export interface RecordedPromise extends PromisedTime {
  /** It had to wait for its person, which no promise covers. */
  readonly isWaived: boolean;
  /** What had been added when it was asked about; null: nothing, or it has not been. */
  readonly extended: Extension | null;
}

/**
 * How a worker died with this verification in flight: when it was made to run alone (`alone`), or otherwise (`shared`), also
 * if it happened to be the only one.
 */
export type DeathKind = 'shared' | 'alone';
export type Deaths = Readonly<Record<DeathKind, number>>;

export interface DeliveryState {
  readonly status: z.infer<typeof deliveryStatus>;
  readonly attempts: number;
  /** ms epoch */
  readonly nextAttemptAt: number | null;
}

const storedStatus = verificationStatus.exclude(['held']);
const count = z.coerce.number().int().nonnegative();
const text = z.string().nullable().default(null);
/** The last millisecond that a Date can be of. */
const LAST_MS = 8_640_000_000_000_000;
const time = z.coerce.number().int().positive().max(LAST_MS);

/** What the submission gave beside the subject; null where it gave nothing. */
const options = {
  priority,
  reference: text,
  extra: text,
  callbackUrl: text,
  answerBy: text,
} satisfies Record<StoredField, z.ZodType>;

const ms = z.number().nonnegative();
/** With what a promise is put off: `PromisedTime` without its time, which the script that accepts works out. */
const promiseSince = z.object({
  since: z.object({
    lost: z.object({ paused: ms, held: ms, slow: ms, rate: ms }),
    repeats: z.number().int().nonnegative(),
  }),
  perTurnMs: ms,
  accounts: z.array(z.string()).optional(),
});
const extensionText = z.object({ byMs: ms, reason: promiseExtension.shape.reason });

/** The fields of the hash but the attempts; what is left out is not set. */
export const recordFields = z.object({
  id: z.string(),
  client: z.string(),
  status: storedStatus,
  ...options,
  livemode: z.enum(['0', '1']).optional(),
  submittedAt: time,
  attemptsCounted: count.default(0),
  deferredBefore: z.enum(['none', 'minute', 'day']).default('none'),
  nextAttemptAt: time.optional(),
  outcome: jsonText(outcome).optional(),
  deliveryStatus: deliveryStatus.default('pending'),
  deliveryAttempts: count.default(0),
  deliveryNextAt: time.optional(),
  claimedBy: z.string().optional(),
  claimToken: z.string().optional(),
  turn: z.string().optional(),
  sentAt: z.string().optional(),
  sentCall: z.string().optional(),
  redelivery: z.string().optional(),
  deaths: z.string().default(''),
  completesBy: time.optional(),
  promiseSince: jsonText(promiseSince).optional(),
  promiseWaived: z.literal('1').optional(),
  promiseExtended: jsonText(extensionText).optional(),
  /** Of versions before, which counted lost locks as well. */
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
  const attempts = parseAttempts(hash);
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
      ...pickFields(row, STORED_FIELDS),
      livemode: row.livemode === undefined ? null : row.livemode === '1',
      submittedAt: row.submittedAt,
      attempts: attempts.flatMap((entry) => (entry.parsed.success ? [entry.parsed.data] : [])),
      attemptsCounted: row.attemptsCounted,
      deferredBefore: row.deferredBefore,
      nextAttemptAt: row.nextAttemptAt ?? null,
      outcome: row.outcome ?? null,
      delivery: {
        status: row.deliveryStatus,
        attempts: row.deliveryAttempts,
        nextAttemptAt: row.deliveryNextAt ?? null,
      },
      claim: row.claimedBy && row.claimToken ? { workerId: row.claimedBy, token: row.claimToken } : null,
      turn: parseTurn(row.turn),
      mark: parseMark(row),
      calls: parseCalls(
        hash,
        attempts.map(({ nth }) => nth),
      ),
      isPublished:
        row.deliveryStatus === 'delivering' || row.deliveryAttempts > 0 || row.redelivery !== undefined,
      revision: REVISION_FIELDS.map((name) => hash[name] ?? '').join('|'),
      deaths: countDeaths(row),
      promise: parsePromise(row),
    },
  };
}

function parsePromise(row: z.infer<typeof recordFields>): RecordedPromise | null {
  const { completesBy: by, promiseSince: since } = row;
  if (by === undefined || since === undefined) return null;
  const isWaived = row.promiseWaived === '1';
  return { by, ...since, isWaived, extended: row.promiseExtended ?? null };
}

/** What a version before counted may have been a lost lock, so that it is never proof. */
function countDeaths({ deaths, crashesShared, crashesAlone }: z.infer<typeof recordFields>): Deaths {
  const kinds = deaths.split(' ').map((entry) => entry.slice(0, entry.indexOf(':')));
  const countOf = (kind: DeathKind) => kinds.filter((each) => each === kind).length;
  return {
    shared: countOf('shared') + crashesShared + crashesAlone,
    alone: countOf('alone'),
  };
}

const ATTEMPT = 'attempt:';
const CALL = 'call:';

function parseAttempts(hash: Readonly<Record<string, string>>) {
  return Object.entries(hash)
    .filter(([name]) => name.startsWith(ATTEMPT))
    .map(([name, text]) => ({
      name,
      nth: Number(name.slice(ATTEMPT.length)),
      parsed: attemptJson.safeParse(text),
    }))
    .sort((a, b) => a.nth - b.nth);
}

/** @param numbers of the attempts, in their order: one that was taken back leaves a gap */
function parseCalls(
  hash: Readonly<Record<string, string>>,
  numbers: readonly number[],
): VerificationRecord['calls'] {
  const calls = new Map<string, { index: number; isGuess: boolean }>();
  for (const [name, text] of Object.entries(hash)) {
    const [, guess, nth] = name.startsWith(CALL) ? (/^(\??)(\d+) /.exec(text) ?? []) : [];
    const index = numbers.indexOf(Number(nth));
    if (index !== -1) calls.set(name.slice(CALL.length), { index, isGuess: guess === '?' });
  }
  return calls;
}

/** As `takeClaimTurn` in Lua writes it. */
function parseTurn(text: string | undefined): VerificationRecord['turn'] {
  const [, turnClass, tag] = /^(\d+) ([\d.e+]+)$/.exec(text ?? '') ?? [];
  return turnClass === undefined ? null : { class: Number(turnClass), tag: Number(tag) };
}

/** As `standingMark` in Lua. */
function parseMark({ sentAt, sentCall = '' }: z.infer<typeof recordFields>): VerificationRecord['mark'] {
  if (sentAt === undefined) return null;
  const [call = '', at] = sentCall.split(' ');
  return { call: at === sentAt ? call : null, at: sentAt };
}

/** What outcome and event are made of, and what says whether a receiver may know them. */
export const REVISION_FIELDS = [
  'claimedBy',
  'claimToken',
  'attempts',
  'revision',
  'status',
  'deliveryStatus',
  'deliveryAttempts',
  'redelivery',
] as const;

/** What every record begins with: no worker has touched it. */
export const newRecord = {
  status: 'queued',
  attempts: [],
  attemptsCounted: 0,
  deferredBefore: 'none',
  nextAttemptAt: null,
  outcome: null,
  delivery: { status: 'pending', attempts: 0, nextAttemptAt: null },
  claim: null,
  turn: null,
  mark: null,
  calls: new Map(),
  isPublished: false,
  revision: REVISION_FIELDS.map((name) => (name === 'status' ? 'queued' : '')).join('|'),
  deaths: { shared: 0, alone: 0 },
} as const satisfies Partial<VerificationRecord>;

/** The record's revision as finishing with this call compares it: its own mark is no news to it. */
export function revisionFor({ revision, mark }: VerificationRecord, call: string): string {
  const other = mark === null || mark.call === call ? '' : (mark.call ?? '?');
  return `${revision}|${other}`;
}

/** A flat HGETALL reply, as a script returns it. */
export function hashFromReply(reply: readonly string[]): Record<string, string> {
  const hash: Record<string, string> = {};
  for (let i = 0; i + 1 < reply.length; i += 2) hash[reply[i] ?? ''] = reply[i + 1] ?? '';
  return hash;
}
