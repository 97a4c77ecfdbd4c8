import { WebhookVerificationError as LibraryError, Webhook } from 'standardwebhooks';
import type { VerificationEvent } from '../shared/contract/verification.ts';
import { VeriqueueError } from './veriqueue-error.ts';

/** What `veriqueue deliveries test` sends: it is about no verification. */
export interface WebhookTestEvent {
  readonly type: 'webhook.test';
  /** RFC 3339, UTC */
  readonly timestamp: string;
  readonly data: { readonly clientId: string };
}

/** Do nothing with a type you do not know, and acknowledge it: there will be more. */
export type WebhookEvent = VerificationEvent | WebhookTestEvent;

/** As Node, `fetch` and most frameworks hand them over; names in any case. */
export type WebhookHeaders = Headers | { readonly [name: string]: string | readonly string[] | undefined };

/** This is no event of Veriqueue, or too old to be one: answer 4xx, and do nothing with the body. */
export class WebhookVerificationError extends VeriqueueError {
  static {
    WebhookVerificationError.prototype.name = 'WebhookVerificationError';
  }

  constructor(reason: string) {
    super(`Cannot verify the webhook: ${reason}`, { attempts: 0 });
  }
}

const SIGNED_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

/**
 * Verifies a webhook (Standard Webhooks 1.0.0) and reads its event.
 *
 * @param body exactly as it was received: not parsed and printed again
 * @param secret `whsec_…`; several while one replaces another
 * @throws {WebhookVerificationError} when the signature is wrong or the event is more than five minutes old
 * @throws {TypeError} when a secret is none
 */
export function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
): WebhookEvent {
  const secrets = typeof secret === 'string' ? [secret] : secret;
  if (secrets.length === 0)
    throw new TypeError('Cannot verify a webhook: there must be a secret, received none');
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const signed = readHeaders(headers);
  // All are tried as if the first were right, so that a secret that is none is told at once and not in the next rotation.
  const failures = secrets.map(openSecret).map((webhook) => tryVerify(webhook, text, signed));
  const [failure] = failures;
  if (failure && failures.every((found) => found !== null)) throw failure;
  return parseEvent(text);
}

function tryVerify(
  webhook: Webhook,
  text: string,
  headers: Readonly<Record<string, string>>,
): WebhookVerificationError | null {
  try {
    webhook.verify(text, headers, { jsonParse: false });
    return null;
  } catch (error) {
    if (error instanceof LibraryError) return new WebhookVerificationError(error.message);
    throw error;
  }
}

/** The library's own message may quote the secret. */
function openSecret(secret: string): Webhook {
  try {
    return new Webhook(secret);
  } catch {
    throw new TypeError('Cannot verify a webhook: a secret must be whsec_ and Base64');
  }
}

function readHeaders(headers: WebhookHeaders): Record<string, string> {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  const found = entries.flatMap(([name, value]) => {
    const lowerCase = name.toLowerCase();
    const isSigned = SIGNED_HEADERS.some((signed) => signed === lowerCase);
    return isSigned && typeof value === 'string' ? [[lowerCase, value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** It is signed, so it is what the worker wrote; but the secret may sign for others as well. */
function parseEvent(text: string): WebhookEvent {
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
