import type { JsonLimits } from '../shared/contract/json-shape.ts';
import { MAX_PHOTO_BASE64_LENGTH, MAX_PHOTO_BYTES } from '../shared/contract/photo-limits.ts';

const KIB = 1024;

/** Room for everything but the photo: names in JSON escapes, a long callback URL, multipart boundaries. */
const FIELDS_BYTES = 64 * KIB;

/** Of every route that takes no photo: a few words in JSON. */
export const SMALL_BODY_BYTES = 16 * KIB;
/** An operator key, of which every character may be escaped, from a sender who has not shown one yet. */
export const SIGN_IN_BODY_BYTES = 4 * KIB;

/** Every body here is flat; see `classifyJsonShape`. */
export const JSON_LIMITS: JsonLimits = { depth: 8, members: 1_000 };

/** A photo of exactly the largest size passes, one a little larger is refused by its field, beyond that it is 413. */
export const JSON_BODY_BYTES = MAX_PHOTO_BASE64_LENGTH + FIELDS_BYTES;
export const PHOTO_PART_BYTES = MAX_PHOTO_BYTES + FIELDS_BYTES;

/** Of the whole form; two photo parts fit, so that a second one is refused by name. */
export const FORM_BODY_BYTES = 2 * PHOTO_PART_BYTES;
export const FORM_FIELD_BYTES = 16 * KIB;
export const FORM_PARTS = 24;

/** No route needs a longer one. */
export const URL_LENGTH = 2 * KIB;
/** Request line and all headers together; beyond it the HTTP parser gives up (431). */
export const HEADER_BYTES = 16 * KIB;

/** A request has to arrive within these times, however slowly its bytes trickle in. */
export interface HttpTimeouts {
  readonly headersMs: number;
  /** From the first byte to the last of the body. */
  readonly requestMs: number;
  /** In the middle of a body, between two pieces of it. */
  readonly bodyStallMs: number;
  readonly keepAliveMs: number;
  /** On which nothing goes in or out during a request, such as an answer that no client reads. */
  readonly socketIdleMs: number;
  /** How often Node looks for requests past these times. */
  readonly checkMs: number;
}

export const HTTP_TIMEOUTS: HttpTimeouts = {
  headersMs: 10_000,
  requestMs: 60_000,
  bodyStallMs: 15_000,
  // Longer than the usual idle time of a load balancer (60 s), so that it is never we who close under its request.
  keepAliveMs: 65_000,
  socketIdleMs: 30_000,
  checkMs: 5_000,
};
/** Of one listener. */
export const MAX_CONNECTIONS = 4_096;

/** Requests that wait for an event at a time: of one client, and in all. */
export const MAX_FEED_WAITS_OF_CLIENT = 8;
export const MAX_FEED_WAITS = 512;

/** How long requests in flight may take to finish when the process is asked to stop. */
export const DRAIN_DEADLINE_MS = 10_000;
