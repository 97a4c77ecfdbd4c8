import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { createTimeShift } from './shift-times.ts';
import { loadKeys, type StoredKey, shiftKey, storedKey } from './stored-key.ts';

const client = z.strictObject({ clientId: z.string(), apiKey: z.string(), webhookSecret: z.string() });

/** What one submission of the data set was, and what had become of it when the data was recorded. */
const recordedVerification = z.strictObject({
  /** What it stands for. */
  name: z.string(),
  client: z.string(),
  id: z.string(),
  body: z.record(z.string(), z.string()),
  idempotencyKey: z.string().nullable(),
  /** Null: erased. */
  status: z.string().nullable(),
  delivery: z.string().nullable(),
});
export type RecordedVerification = z.infer<typeof recordedVerification>;

/** The first line of the file; every other is one key. */
const heading = z.strictObject({
  version: z.string(),
  /** ms epoch of Redis' clock */
  recordedAt: z.number(),
  /** Of the processes that made it, as far as what they left depends on it. */
  environment: z.record(z.string(), z.string()),
  /** `host:port`, wherever they stand in the data. */
  addresses: z.strictObject({ sandbox: z.string(), receiver: z.string(), otherReceiver: z.string() }),
  clients: z.record(z.string(), client),
  sessionCookie: z.string(),
  imageBase64: z.string(),
  verifications: z.array(recordedVerification),
  /** Of versions that have them: an endpoint that fails beside the callback, and a test that waits in its lane. */
  later: z
    .strictObject({
      endpoint: z.strictObject({ client: z.string(), id: z.string(), secret: z.string() }),
      test: z.strictObject({
        client: z.string(),
        id: z.string(),
        apiKey: z.string(),
        webhookSecret: z.string(),
      }),
    })
    .optional(),
  /** The limiter's hash in other states; in the data it is slow. */
  limiter: z.record(z.string(), z.array(z.tuple([z.string(), z.string()]))),
});
export type DataSetHeading = z.infer<typeof heading>;

export interface DataSet extends DataSetHeading {
  readonly keys: readonly StoredKey[];
}

/**
 * `data-0.1.jsonl`: the first form of what 0.1 stores. `data-0.1-packed.jsonl`: its form since jobs are packed, with what came
 * since: endpoints, test keys, numbered events.
 */
export type DataSetName = 'data-0.1.jsonl' | 'data-0.1-packed.jsonl';

/** The data of a version of a deployment, every kind of state in it (`make/main.ts` has made it). */
export function readDataSet(name: DataSetName): DataSet {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8');
  const [first = '', ...lines] = text.trimEnd().split('\n');
  return {
    ...heading.parse(JSON.parse(first)),
    keys: lines.map((line) => storedKey.parse(JSON.parse(line))),
  };
}

export function writeDataSet({ keys, ...rest }: DataSet): string {
  return [heading.parse(rest), ...keys].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Nothing must be done for their events but to start. */
export const GOES_ON: readonly string[] = [
  ...['queued-1', 'queued-2', 'queued-bulk-2', 'retrying', 'deferred-minute', 'slowed-down'],
  ...[
    'killed-1',
    'killed-2',
    'killed-3',
    'delivering',
    'delivery-pending',
    'delivery-retrying',
    'redelivered',
  ],
];

export interface LoadOptions {
  /** What stands in the place of the recorded ones. */
  readonly addresses: DataSetHeading['addresses'];
  /** How long everything was down since the recording. @default 0 */
  readonly downForMs?: number;
  /** One of the recorded states of the limiter. */
  readonly limiter?: string;
}

/** Loads the data as if its processes had been killed just now, or a while ago. */
export async function loadDataSet(redis: Redis, data: DataSet, options: LoadOptions): Promise<void> {
  const downForMs = options.downForMs ?? 0;
  const [seconds, micros] = await redis.time();
  const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  const shift = createTimeShift(data.recordedAt, now - downForMs);
  const keys = data.keys.map((stored) => withLimiter(stored, data, options.limiter));
  const shifted = keys
    .map((stored) => withAddresses(stored, data, options))
    .flatMap((stored) => shiftKey(stored, shift));
  await loadKeys(redis, shifted, downForMs);
}

function withLimiter(stored: StoredKey, { limiter }: DataSet, state: string | undefined): StoredKey {
  if (state === undefined || stored.type !== 'hash' || !stored.key.endsWith(':quota')) return stored;
  const fields = limiter[state];
  if (!fields) throw new Error(`Cannot load the limiter: its state must be recorded, received ${state}`);
  return { ...stored, value: fields };
}

function withAddresses(stored: StoredKey, data: DataSet, { addresses }: LoadOptions): StoredKey {
  const text = Object.entries(data.addresses).reduce(
    (result, [name, address]) =>
      result.replaceAll(address, addresses[name as keyof DataSetHeading['addresses']]),
    JSON.stringify(stored),
  );
  return storedKey.parse(JSON.parse(text));
}
