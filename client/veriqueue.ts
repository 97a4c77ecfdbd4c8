/** The entry of the package `@veriqueue/client`. It runs wherever `fetch` and WebCrypto do, and has no dependency. */

import type { DeliveryAttempt, DeliveryLog } from '../shared/contract/delivery-log.ts';
import type { EventDelivery, EventDeliveryPage } from '../shared/contract/event-delivery.ts';
import type { FeedPage } from '../shared/contract/feed.ts';
import type { KeySet } from '../shared/contract/key-set.ts';
import type { LaneOverview } from '../shared/contract/lane.ts';
import type { OutcomesPage } from '../shared/contract/outcomes.ts';
import type { ErasureReceipt, ErasureStatement } from '../shared/contract/receipt.ts';
import type { PhotoUpload } from '../shared/contract/upload.ts';
import type { UsageReport } from '../shared/contract/usage.ts';
import type { Verification, VerificationPage } from '../shared/contract/verification.ts';
import { ConflictError, NotFoundError } from './api-error.ts';
import { ApiKeys } from './api-keys.ts';
import type {
  CallOptions,
  EventDeliveriesOptions,
  ListOptions,
  Submission,
  Submitted,
  UsageOptions,
} from './call-options.ts';
import { parseOptions, type VeriqueueOptions } from './connection.ts';
import { Endpoints } from './endpoints.ts';
import { OwnCallback } from './own-callback.ts';
import { readPhoto } from './photo.ts';
import type { Answer } from './read-answer.ts';
import { type EventsOptions, type FeedEntry, readEvents } from './read-events.ts';
import { readPages } from './read-pages.ts';
import { type ApiRequest, type Connection, sendRequest } from './request.ts';
import { encodeSubmission } from './submission-body.ts';
import { type UploadOf, uploadRequest } from './upload-request.ts';
import { verificationPath } from './verification-path.ts';
import { type WaitOptions, waitUntilFinal } from './wait-until-final.ts';

// biome-ignore-start lint/performance/noBarrelFile: this is what the package shows
export type { ApiKey, CreatedApiKey, NewApiKey } from '../shared/contract/api-key.ts';
export type { ApiKeyScope } from '../shared/contract/api-key-scope.ts';
export type { Callback, CallbackChange, SecretRotation } from '../shared/contract/callback.ts';
export type { ClientErasureReceipt, ClientErasureStatement } from '../shared/contract/client-receipt.ts';
export type { ClientShare } from '../shared/contract/client-share.ts';
export type {
  CreatedEndpoint,
  Endpoint,
  EndpointChange,
  NewEndpoint,
  RotatedSecret,
} from '../shared/contract/endpoint.ts';
export type { EventDelivery } from '../shared/contract/event-delivery.ts';
export type { EventsGone, FeedEvent } from '../shared/contract/feed.ts';
export type { LaneAccount } from '../shared/contract/lane.ts';
export type {
  DeliveryDead,
  FeedNotice,
  SubjectErased,
  UsageThreshold,
  VerificationNotice,
} from '../shared/contract/notice.ts';
export type { ClientAction, OutcomeCode } from '../shared/contract/outcome-codes.ts';
export type { OutcomeRow } from '../shared/contract/outcomes.ts';
export type { FieldError, ProblemCode } from '../shared/contract/problem.ts';
export type { ReceiverAuth, ReceiverAuthChange } from '../shared/contract/receiver-auth.ts';
export type { RedeliveryProgress, RedeliveryRange } from '../shared/contract/redelivery-range.ts';
export type { TestDelivery } from '../shared/contract/test-delivery.ts';
export type { PhotoUpload } from '../shared/contract/upload.ts';
export type { ClientBudget } from '../shared/contract/usage.ts';
export type {
  Attempt,
  Delivery,
  Outcome,
  PromiseExtension,
  VerificationEvent,
  WebhookTestEvent,
} from '../shared/contract/verification.ts';
export type { VerificationStatus } from '../shared/contract/verification-status.ts';
export {
  ApiError,
  type ApiErrorCode,
  AuthenticationError,
  ConflictError,
  InvalidRequestError,
  NotFoundError,
  RateLimitedError,
  UnavailableError,
} from './api-error.ts';
export type {
  CallOptions,
  EventDeliveriesOptions,
  ListOptions,
  Submission,
  Submitted,
  UsageOptions,
} from './call-options.ts';
export { PhotoError, type PhotoSource } from './photo.ts';
export type { EventsOptions, EventType, FeedEntry } from './read-events.ts';
export { type WebhookEvent, type WebhookHeaders, WebhookVerificationError } from './signed-webhook.ts';
export type { WebhookVerificationKeys } from './verification-keys.ts';
export { ReceiptVerificationError, verifyClientReceipt, verifyReceipt } from './verify-receipt.ts';
export { ConnectionError, TimeoutError, VeriqueueError } from './veriqueue-error.ts';
export { verifyWebhook } from './webhook.ts';
// biome-ignore-end lint/performance/noBarrelFile: this is what the package shows

export type {
  ApiKeys,
  DeliveryAttempt,
  Endpoints,
  ErasureReceipt,
  ErasureStatement,
  KeySet,
  LaneOverview,
  OwnCallback,
  UsageReport,
  Verification,
  VeriqueueOptions,
};

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * A client of one Veriqueue, as one of its clients. It holds no connection and needs no end.
 *
 * Every call repeats a request that got no answer, or 429 or 503, and throws a {@link VeriqueueError} in the end.
 */
export class Veriqueue {
  readonly #connection: Connection;
  /** Receivers of your events beside your callback. */
  readonly endpoints: Endpoints;
  /** Where your events go by default. */
  readonly callback: OwnCallback;
  /** Your own API keys. */
  readonly apiKeys: ApiKeys;

  /** @throws {TypeError} */
  constructor(options: VeriqueueOptions) {
    this.#connection = parseOptions(options);
    const send = (request: ApiRequest) => this.#read(request);
    this.endpoints = new Endpoints(send);
    this.callback = new OwnCallback(send);
    this.apiKeys = new ApiKeys(send);
  }

  /**
   * Submits a verification. Once this resolves there will be exactly one event for it.
   *
   * @throws {PhotoError} before anything is sent
   */
  async submit(submission: Submission, { signal }: CallOptions = {}): Promise<Submitted> {
    const { photo: source, idempotencyKey = crypto.randomUUID(), ...fields } = submission;
    if (!IDEMPOTENCY_KEY.test(idempotencyKey)) {
      throw new TypeError('idempotencyKey must be 1 to 255 printable ASCII characters');
    }
    const photo = await readPhoto(source, signal);
    const { contentType, body } = encodeSubmission(fields, photo, `veriqueue-${crypto.randomUUID()}`);
    const answer = await this.#send({
      doing: 'submit a verification',
      method: 'POST',
      path: 'v1/verifications',
      headers: { 'content-type': contentType, 'idempotency-key': idempotencyKey },
      body,
      signal,
    });
    return {
      verification: answer.body as Verification,
      replayed: answer.headers.get('idempotent-replayed') === 'true',
    };
  }

  /** Gets an address that takes one photo by `PUT`, without an API key. Submit it afterwards as `photo: { photoId }`, once. */
  async createUpload(photo: UploadOf, { signal }: CallOptions = {}): Promise<PhotoUpload> {
    const answer = await this.#send({ ...uploadRequest(photo), signal });
    return answer.body as PhotoUpload;
  }

  async get(id: string, { signal }: CallOptions = {}): Promise<Verification> {
    const { verification } = await this.#poll('get a verification', id, signal);
    return verification;
  }

  /**
   * Polls, as often as the server finds it worth, until there is an outcome or the verification is cancelled. That can
   * take a day; a webhook is called at once.
   *
   * @throws {TimeoutError} after `timeoutMs`; without it waits for as long as it takes
   */
  waitFor(id: string, options: WaitOptions = {}): Promise<Verification> {
    return waitUntilFinal((signal) => this.#poll('wait for a verification', id, signal), options);
  }

  /** Verifications, newest first; the next page is read when it is needed. */
  list({ reference, status, code, ...options }: ListOptions = {}): AsyncGenerator<Verification, void> {
    const request = { doing: 'list verifications', path: 'v1/verifications' };
    const read = (page: ApiRequest) => this.#read<VerificationPage>(page);
    return readPages(read, request, { reference, status, code }, options);
  }

  /**
   * How far your events are on their way to your callback, or to one of your endpoints, newest first; the next page is read when
   * it is needed.
   *
   * @throws {NotFoundError} for an endpoint that is none of yours
   */
  eventDeliveries({
    endpoint,
    status,
    ...options
  }: EventDeliveriesOptions = {}): AsyncGenerator<EventDelivery, void> {
    const request = { doing: 'list deliveries of events', path: 'v1/deliveries' };
    const read = (page: ApiRequest) => this.#read<EventDeliveryPage>(page);
    return readPages(read, request, { endpoint, status }, options);
  }

  /**
   * Cancels a verification that has not been sent upstream: no event follows. With `erase` it is removed, whatever its
   * state, and null comes back; counts of calls stay, which name no person.
   *
   * @throws {ConflictError} when it is too late, or another request or a worker is at it right now
   */
  cancel(id: string, options: CallOptions & { readonly erase: true }): Promise<null>;
  cancel(id: string, options?: CallOptions & { readonly erase?: false | undefined }): Promise<Verification>;
  cancel(
    id: string,
    options?: CallOptions & { readonly erase?: boolean | undefined },
  ): Promise<Verification | null>;
  async cancel(
    id: string,
    { erase = false, signal }: CallOptions & { readonly erase?: boolean | undefined } = {},
  ): Promise<Verification | null> {
    const path = verificationPath(id);
    if (!erase) return this.#read({ doing: 'cancel a verification', method: 'DELETE', path, signal });
    try {
      const query = { erase: 'true' };
      await this.#send({ doing: 'erase a verification', method: 'DELETE', path, query, signal });
    } catch (error) {
      // An earlier request may have erased it, and its answer been lost.
      if (!(error instanceof NotFoundError && error.attempts > 1)) throw error;
    }
    return null;
  }

  /**
   * A signed receipt of what was deleted of it, and when. Keep it: it is verified offline, by `verifyReceipt`, by
   * `veriqueue receipt verify` or any JWS library, with the keys of {@link keySet}.
   *
   * @throws {ConflictError} `subject_kept` while it waits for its answer; `receipts_not_offered`
   */
  receipt(id: string, { signal }: CallOptions = {}): Promise<ErasureReceipt> {
    const path = `${verificationPath(id)}/receipt`;
    return this.#read({ doing: 'get an erasure receipt', method: 'GET', path, signal });
  }

  /** The attempts to deliver its event, oldest first. */
  async deliveries(id: string, { signal }: CallOptions = {}): Promise<DeliveryAttempt[]> {
    const path = `${verificationPath(id)}/deliveries`;
    const log = await this.#read<DeliveryLog>({
      doing: 'list deliveries',
      method: 'GET',
      path,
      signal,
    });
    return log.data;
  }

  /**
   * Delivers its event again, under the same `webhook-id`, with the whole schedule.
   *
   * @throws {ConflictError} while there is no event, or it is under way
   */
  async redeliver(id: string, { signal }: CallOptions = {}): Promise<Verification> {
    const path = `${verificationPath(id)}/redeliver`;
    try {
      return await this.#read({ doing: 'redeliver an event', method: 'POST', path, signal });
    } catch (error) {
      // An earlier request may have set it on its way, and its answer been lost.
      if (!(error instanceof ConflictError && error.attempts > 1)) throw error;
      const verification = await this.get(id, { signal });
      if (verification.outcome === null) throw error;
      return verification;
    }
  }

  /**
   * Your events in the order of their `sequence`, delivered or not; where some are kept no more, one entry says which. What
   * you have read is not noted anywhere: keep the last `sequence` with what you store, and go on `after` it.
   *
   * @throws {ConflictError} with the code `unknown_sequence` when no event has the number `after`
   */
  events(options: EventsOptions = {}): AsyncGenerator<FeedEntry, void> {
    const request = { doing: 'read events', method: 'GET', path: 'v1/events' } as const;
    const { signal } = options;
    const read = (query: Readonly<Record<string, string | number | undefined>>) =>
      this.#read<FeedPage>({ ...request, query, signal });
    return readEvents((query) => read({ ...query }), options, this.#connection.timeoutMs);
  }

  /**
   * The public keys of the deployment: they verify events signed as `v1a`, by {@link verifyWebhook}. Empty where it has none.
   * Keep them, and read them again when no key fits an event, once a minute at most: keys are replaced.
   */
  keySet({ signal }: CallOptions = {}): Promise<KeySet> {
    return this.#read({ doing: 'read the key set', method: 'GET', path: '.well-known/jwks.json', signal });
  }

  /** Your upstream calls by day and code, as they are billed. */
  usage({ from, to, signal }: UsageOptions = {}): Promise<UsageReport> {
    return this.#read({
      doing: 'read the usage',
      method: 'GET',
      path: 'v1/usage',
      query: { from, to },
      signal,
    });
  }

  /** Backlog, quota, and whether the lane is held and why. */
  lane({ signal }: CallOptions = {}): Promise<LaneOverview> {
    return this.#read({ doing: 'read the lane', method: 'GET', path: 'v1/lane', signal });
  }

  /** Every code an attempt can end with, and what to do about it. */
  async outcomes({ signal }: CallOptions = {}): Promise<OutcomesPage['data']> {
    const request = { doing: 'list outcomes', method: 'GET', path: 'v1/outcomes', signal } as const;
    return (await this.#read<OutcomesPage>(request)).data;
  }

  async #poll(doing: string, id: string, signal: AbortSignal | undefined) {
    const path = verificationPath(id);
    const { body, retryAfterMs } = await this.#send({ doing, method: 'GET', path, signal });
    return { verification: body as Verification, retryAfterMs };
  }

  /** What an answer of the server holds is trusted: it was written by the same schemas as these types. */
  async #read<T>(request: ApiRequest): Promise<T> {
    return (await this.#send(request)).body as T;
  }

  #send(request: ApiRequest): Promise<Answer> {
    return sendRequest(this.#connection, request);
  }
}
