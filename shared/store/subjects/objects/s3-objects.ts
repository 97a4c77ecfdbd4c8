import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { Agent, type Dispatcher, request } from 'undici';
import { type ObjectStore, ObjectStoreFailure } from './object-store.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Where a bucket is, and as whom it is used. */
export interface S3Options {
  readonly bucket: string;
  /** `https://host`, without the bucket. */
  readonly endpoint: string;
  readonly region: string;
  /** Whether the bucket stands in the path, or before the host. */
  readonly pathStyle: boolean;
  readonly credentials: S3Credentials;
  /** ms for one try, from its first byte to the last byte of the answer. */
  readonly timeoutMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Each try, for the metrics. */
  readonly onTry?: (made: S3Try) => void;
}

export interface S3Try {
  readonly operation: S3Operation;
  readonly result: 'done' | 'missing' | 'away' | 'refused';
  readonly durationMs: number;
}

export type S3Operation = 'put' | 'get' | 'delete';

/** With the waits between them, tries take a second longer than their time-outs at most. */
const TRIES = 3;
const FIRST_WAIT_MS = 200;
/** More connections than a process has photos under way. */
const CONNECTIONS = 128;
/** An answer that says why it is none: S3's are some hundred bytes of XML. */
const ERROR_BYTES = 8_192;
/** What another try may change. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
const NO_BODY = createHash('sha256').digest('hex');

interface Call {
  readonly operation: S3Operation;
  readonly name: string;
  readonly body?: Buffer;
  readonly maxBytes: number;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** A bucket of S3 or of what speaks like it. Plain PUT, GET and DELETE alone are asked of it. */
export function openS3Objects(options: S3Options): ObjectStore {
  const agent = new Agent({
    connections: CONNECTIONS,
    connect: { timeout: options.timeoutMs },
    // The try's own time-out covers all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const signingKeys = new Map<string, ArrayBuffer>();
  const run = (call: Call) => tryUntilDecided(options, () => attempt(options, agent, signingKeys, call));
  return {
    put: async (name, body) => {
      await run({ operation: 'put', name, body, maxBytes: ERROR_BYTES });
    },
    get: (name, maxBytes) => run({ operation: 'get', name, maxBytes }),
    delete: async (name) => {
      await run({ operation: 'delete', name, maxBytes: ERROR_BYTES });
    },
    presignPut: (name, object) => presignPut(options, name, object),
    close: () => agent.destroy(),
  };
}

/** The size is signed with the rest: the store refuses any other. */
async function presignPut(
  options: S3Options,
  name: string,
  { bytes, contentType, seconds }: Parameters<ObjectStore['presignPut']>[1],
): ReturnType<ObjectStore['presignPut']> {
  const headers = { 'content-length': String(bytes), 'content-type': contentType };
  const url = objectUrl(options, name);
  url.searchParams.set('X-Amz-Expires', String(seconds));
  const { region, credentials } = options;
  const signed = await new AwsV4Signer({
    ...credentialsOf(credentials),
    method: 'PUT',
    url: url.href,
    headers,
    service: 's3',
    region,
    signQuery: true,
    allHeaders: true,
  }).sign();
  return { url: signed.url.href, headers };
}

const credentialsOf = ({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials) => ({
  accessKeyId,
  secretAccessKey,
  ...(sessionToken === undefined ? {} : { sessionToken }),
});

/** The address of an object, which the signature counts over. */
export function objectUrl({ endpoint, bucket, pathStyle }: S3Options, name: string): URL {
  const url = new URL(endpoint);
  const base = url.pathname.replace(/\/$/, '');
  if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`;
  url.pathname = pathStyle ? `${base}/${bucket}/${name}` : `${base}/${name}`;
  return url;
}

async function tryUntilDecided(
  { random }: S3Options,
  attemptOnce: () => Promise<Buffer | null>,
): Promise<Buffer | null> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attemptOnce();
    } catch (error) {
      const passes = error instanceof ObjectStoreFailure && error.kind === 'away';
      if (!passes || tries === TRIES) throw error;
      await sleep(random() * FIRST_WAIT_MS * 2 ** (tries - 1));
    }
  }
}

/** @throws {ObjectStoreFailure} */
async function attempt(
  options: S3Options,
  agent: Dispatcher,
  signingKeys: Map<string, ArrayBuffer>,
  call: Call,
): Promise<Buffer | null> {
  const began = performance.now();
  const note = (result: S3Try['result']) =>
    options.onTry?.({ operation: call.operation, result, durationMs: performance.now() - began });
  try {
    const answer = await exchange(options, agent, signingKeys, call);
    const failure = classify(call.operation, answer);
    if (failure !== null) throw failure;
    const isMissing = answer.status === 404;
    note(isMissing ? 'missing' : 'done');
    return isMissing ? null : answer.body;
  } catch (error) {
    const failure =
      error instanceof ObjectStoreFailure ? error : new ObjectStoreFailure('away', reasonOf(error), error);
    note(failure.kind);
    throw failure;
  }
}

async function exchange(
  options: S3Options,
  agent: Dispatcher,
  cache: Map<string, ArrayBuffer>,
  { operation, name, body, maxBytes }: Call,
): Promise<Answer> {
  const { region, credentials, timeoutMs } = options;
  const method = operation.toUpperCase() as 'PUT' | 'GET' | 'DELETE';
  const signed = await new AwsV4Signer({
    method,
    url: objectUrl(options, name).href,
    headers: {
      // What arrives is what was sealed, also over http:// and through whatever lies between.
      'x-amz-content-sha256': body === undefined ? NO_BODY : createHash('sha256').update(body).digest('hex'),
    },
    service: 's3',
    region,
    ...credentialsOf(credentials),
    cache,
  }).sign();
  const answer = await request(signed.url, {
    method,
    headers: Object.fromEntries(signed.headers),
    ...(body === undefined ? {} : { body }),
    dispatcher: agent,
    signal: AbortSignal.timeout(timeoutMs),
  });
  const isContent = answer.statusCode >= 200 && answer.statusCode < 300;
  const most = isContent ? maxBytes : ERROR_BYTES;
  return { status: answer.statusCode, body: await readAtMost(answer.body, most) };
}

async function readAtMost(body: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop ends the connection.
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= most) break;
  }
  return Buffer.concat(chunks, Math.min(bytes, most));
}

/** Null for an answer that says what was asked. A bucket that is missing is a mistake in the settings, and no missing object. */
function classify(operation: S3Operation, { status, body }: Answer): ObjectStoreFailure | null {
  if (status >= 200 && status < 300) return null;
  const code = /<Code>(\w{1,64})<\/Code>/.exec(body.toString('latin1'))?.[1] ?? '';
  if (status === 404 && operation !== 'put' && code !== 'NoSuchBucket') return null;
  const reason = code === '' ? String(status) : `${status} ${code}`;
  return new ObjectStoreFailure(PASSING.has(status) ? 'away' : 'refused', reason);
}

/** No address: it may be in a log that others read. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError') return 'timeout';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause instanceof Error ? reasonOf(error.cause) : error.name;
}
