import type { Dispatcher } from 'undici';
import { request } from 'undici';
import { MAX_PHOTO_BYTES } from '../../shared/contract/photo-limits.ts';
import type { FieldError } from '../../shared/contract/problem.ts';
import { checkPhotoBytes } from '../../shared/validation/photo.ts';
import { VALIDATION_FAILURES } from '../../shared/validation/validation-failure.ts';
import { createDeliveryDispatcher } from '../../shared/webhook/guarded-connector.ts';
import { createDnsResolve, resolveWithSystem } from '../../shared/webhook/resolve-host.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import type { ProducerLog } from '../producer-log.ts';

/** Fetches the photos that submissions name by a URL. */
export interface PhotoFetcher {
  /**
   * Fetches and checks one photo. The address is judged again at each connection, as a callback's is, and redirects are not
   * followed.
   *
   * @param url one that was allowed for the client
   * @throws {ProblemError} invalid_submission, which points to `/imageUrl`; client_uploads_full, uploads_full
   */
  fetch(clientId: string, url: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** From the first packet to the last byte: shorter than an Idempotency-Key is held for a request that died. */
const TIMEOUT_MS = 8_000;
const CONNECT_TIMEOUT_MS = 3_000;
const DNS_TIMEOUT_MS = 2_000;
/** At a time, so that origins that answer slowly hold 75 MB at most, and one client's a quarter of it. */
const MOST = 32;
const MOST_OF_A_CLIENT = 8;
const USER_AGENT = 'veriqueue';
/** What object stores say of an object whose type they were not given is taken too: the bytes say what they are. */
const TYPES = /^(?:image\/(?:jpeg|jpg|png)|application\/octet-stream|binary\/octet-stream)\s*(?:;|$)/i;

export function createPhotoFetcher({
  allowInsecure,
  log,
}: {
  readonly allowInsecure: boolean;
  readonly log: ProducerLog;
}): PhotoFetcher {
  const dispatcher = createDeliveryDispatcher({
    resolve: allowInsecure ? resolveWithSystem : createDnsResolve({ timeoutMs: DNS_TIMEOUT_MS }),
    allowInsecure,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    connectionsPerOrigin: MOST,
    onRefusal: (hostname, reason) =>
      log.warn({ event: 'image_url_refused', hostname, reason }, 'the address of a photo is not allowed'),
  });
  const underWay = new Map<string, number>();
  let all = 0;
  return {
    fetch: async (clientId, url) => {
      const own = underWay.get(clientId) ?? 0;
      if (own >= MOST_OF_A_CLIENT) throw new ProblemError('client_uploads_full', { headers: retryAfter(1) });
      if (all >= MOST) throw new ProblemError('uploads_full', { headers: retryAfter(1) });
      all += 1;
      underWay.set(clientId, own + 1);
      try {
        return checkFetched(await download(dispatcher.fresh, url));
      } finally {
        all -= 1;
        const left = (underWay.get(clientId) ?? 1) - 1;
        if (left === 0) underWay.delete(clientId);
        else underWay.set(clientId, left);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

/** Whatever kept it from arriving is one error: which of them would let a client map the network behind this service. */
async function download(dispatcher: Dispatcher, url: string): Promise<Buffer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await request(url, {
    dispatcher,
    signal,
    headers: { accept: 'image/jpeg, image/png', 'user-agent': USER_AGENT },
  }).catch((error: unknown) => {
    throw refuse('image_url_unreachable', 'must be reachable from here within 8 seconds', error);
  });
  const { statusCode, headers, body } = answer;
  // Nothing of it is wanted: its end, and its errors, are of no concern.
  const leave = () => void body.on('error', () => undefined).destroy();
  if (statusCode !== 200) {
    leave();
    throw refuse('image_url_status', 'must be answered with 200: redirects are not followed');
  }
  if (!TYPES.test(String(headers['content-type'] ?? ''))) {
    leave();
    throw refuse('image_url_type', 'must be answered with the Content-Type image/jpeg or image/png');
  }
  if (Number(headers['content-length'] ?? 0) > MAX_PHOTO_BYTES) {
    leave();
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_PHOTO_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw refuse('image_url_unreachable', 'must be reachable from here within 8 seconds', error);
  }
  if (bytes > MAX_PHOTO_BYTES) throw tooLarge();
  return Buffer.concat(chunks);
}

function checkFetched(bytes: Buffer): Buffer {
  const check = checkPhotoBytes(bytes);
  if (check.ok) return check.value;
  const errors = check.codes.map((code) => ({
    pointer: '/imageUrl',
    code,
    detail: VALIDATION_FAILURES[code],
  }));
  throw new ProblemError('invalid_submission', { errors });
}

const tooLarge = (): ProblemError => refuse('photo_too_large', VALIDATION_FAILURES.photo_too_large);

function refuse(code: string, detail: string, cause?: unknown): ProblemError {
  const error: FieldError = { pointer: '/imageUrl', code, detail };
  return new ProblemError('invalid_submission', { errors: [error], cause });
}
