import type { Callback, CallbackChange, SecretRotation } from '../shared/contract/callback.ts';
import type { RotatedSecret } from '../shared/contract/endpoint.ts';
import type { RedeliveryProgress, RedeliveryRange } from '../shared/contract/redelivery-range.ts';
import type { TestDelivery } from '../shared/contract/test-delivery.ts';
import type { CallOptions } from './call-options.ts';
import { redeliverRange } from './redeliver-range.ts';
import type { ApiRequest } from './request.ts';

const PATH = 'v1/callback';
const JSON_TYPE = { 'content-type': 'application/json' };

/** Where your events go unless a verification names an address, and what signs them. */
export class OwnCallback {
  readonly #send: (request: ApiRequest) => Promise<unknown>;

  /** @param send resolves with the body of the answer */
  constructor(send: (request: ApiRequest) => Promise<unknown>) {
    this.#send = send;
  }

  async get({ signal }: CallOptions = {}): Promise<Callback> {
    return (await this.#send({ doing: 'show the callback', method: 'GET', path: PATH, signal })) as Callback;
  }

  /** Changes what is given. Events that waited because there was no callback are sent. */
  async change(change: CallbackChange, { signal }: CallOptions = {}): Promise<Callback> {
    const request = {
      doing: 'change the callback',
      method: 'PATCH',
      path: PATH,
      headers: JSON_TYPE,
    } as const;
    return (await this.#send({ ...request, body: JSON.stringify(change), signal })) as Callback;
  }

  /** Sends it a signed `webhook.test` event, once: what the receiver answered, and how long that took. */
  async test({ signal }: CallOptions = {}): Promise<TestDelivery> {
    const request = { doing: 'test the callback', method: 'POST', path: `${PATH}/test` } as const;
    return (await this.#send({ ...request, signal })) as TestDelivery;
  }

  /**
   * Delivers the events of a period again, oldest first, part by part: each part says what came of it. A request that got no
   * answer is sent again, and leaves alone what is under way by then.
   */
  redeliver(range: RedeliveryRange, options: CallOptions = {}): AsyncGenerator<RedeliveryProgress, void> {
    return redeliverRange(this.#send, range, options);
  }

  /** Gives it a new secret, which is shown once. The one before signs as well, for a day unless you say how long. */
  async rotateSecret(
    { overlapSeconds }: SecretRotation = {},
    { signal }: CallOptions = {},
  ): Promise<RotatedSecret> {
    const path = `${PATH}/rotate-secret`;
    const body = JSON.stringify({ overlapSeconds });
    const request = { doing: 'rotate a secret', method: 'POST', path, headers: JSON_TYPE } as const;
    return (await this.#send({ ...request, body, once: true, signal })) as RotatedSecret;
  }
}
