import type {
  DeliveryDead,
  SubjectErased,
  UsageThreshold,
  VerificationNotice,
} from '../shared/contract/notice.ts';
import type { VerificationEvent, WebhookTestEvent } from '../shared/contract/verification.ts';
import { decodeBase64 } from './base64.ts';
import {
  readVerificationKeys,
  type VerificationKey,
  type WebhookVerificationKeys,
} from './verification-keys.ts';
import { nameErrors, VeriqueueError } from './veriqueue-error.ts';

/**
 * Do nothing with a type you do not know, and acknowledge it: there will be more. Those of today that bring no outcome come to
 * endpoints that ask for them, and never to a callback.
 */
export type WebhookEvent =
  | VerificationEvent
  | VerificationNotice
  | DeliveryDead
  | UsageThreshold
  | SubjectErased
  | WebhookTestEvent;

/** As Node, `fetch` and most frameworks hand them over; names in any case. */
export type WebhookHeaders = Headers | { readonly [name: string]: string | readonly string[] | undefined };

/** This is no event of Veriqueue, or too old to be one: answer 4xx, and do nothing with the body. */
export class WebhookVerificationError extends VeriqueueError {
  constructor(reason: string) {
    super(`The webhook is not authentic: ${reason}`, { attempts: 0 });
  }
}

nameErrors({ WebhookVerificationError });

/** What is left to compute of a webhook: whether one of the signatures is that of `content` by one of the keys of its version. */
export interface SignedWebhook {
  readonly keys: readonly VerificationKey[];
  readonly content: Uint8Array<ArrayBuffer>;
  readonly signatures: readonly WebhookSignature[];
  /** The body. It is not parsed, because its sender is not verified yet. */
  readonly text: string;
}

export interface WebhookSignature {
  readonly version: VerificationKey['version'];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Standard Webhooks 1.0.0, "Webhook metadata": an event that is older or newer than this may be a replayed one. */
const TOLERANCE_SECONDS = 5 * 60;

/**
 * Reads all of a webhook but its event, whose signature its caller has to compare first.
 *
 * @param now ms epoch
 * @throws {WebhookVerificationError} when a signature header is missing, or the time is more than five minutes off
 * @throws {TypeError} when a key is not one, or there is none
 */
export function readSignedWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  given: WebhookVerificationKeys,
  now: number,
): SignedWebhook {
  const keys = readVerificationKeys(given);
  const found = readHeaders(headers);
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    requireHeader(found, name),
  );
  const sentSeconds = /^\d{1,12}$/.test(timestamp ?? '') ? Number(timestamp) : Number.NaN;
  if (!(Math.abs(Math.floor(now / 1000) - sentSeconds) <= TOLERANCE_SECONDS)) {
    throw new WebhookVerificationError('webhook-timestamp must be a time at most five minutes from now');
  }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return {
    keys,
    content: concatenate(new TextEncoder().encode(`${id}.${timestamp}.`), bytes),
    signatures: (signature ?? '').split(' ').flatMap(readSignature),
    text: new TextDecoder().decode(bytes),
  };
}

/**
 * Reads the event of a webhook whose signature is right: it is what a worker wrote, but the secret may sign for others too.
 *
 * @throws {WebhookVerificationError} when the body is not an event
 */
export function parseEvent(text: string): WebhookEvent {
  try {
    const event: unknown = JSON.parse(text);
    if (typeof event === 'object' && event !== null && 'type' in event && 'data' in event) {
      return event as WebhookEvent;
    }
  } catch {
    // Said below: a parser's message quotes what it was given.
  }
  throw new WebhookVerificationError('the body must be an event as JSON');
}

/** No signature of it is right. */
export function wrongSignature(): WebhookVerificationError {
  return new WebhookVerificationError(
    'webhook-signature must hold a signature of this body by your secret or key',
  );
}

function readHeaders(headers: WebhookHeaders): ReadonlyMap<string, string> {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return new Map(
    entries.flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value] as const] : [],
    ),
  );
}

function requireHeader(headers: ReadonlyMap<string, string>, name: string): string {
  const value = headers.get(name) ?? '';
  if (value === '') throw new WebhookVerificationError(`the header ${name} must be present`);
  return value;
}

/** Of `v1,<Base64>` and `v1a,<Base64>`; signatures of other versions are passed by. */
function readSignature(entry: string): WebhookSignature[] {
  const [version, text = ''] = entry.split(',');
  if (version !== 'v1' && version !== 'v1a') return [];
  const bytes = decodeBase64(text);
  return bytes === null ? [] : [{ version, bytes }];
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.byteLength + second.byteLength);
  whole.set(first);
  whole.set(second, first.byteLength);
  return whole;
}
