import type { SecretRotation } from '../shared/contract/callback.ts';
import type {
  CreatedEndpoint,
  Endpoint,
  EndpointChange,
  EndpointPage,
  NewEndpoint,
  RotatedSecret,
} from '../shared/contract/endpoint.ts';
import type { TestDelivery } from '../shared/contract/test-delivery.ts';
import { NotFoundError } from './api-error.ts';
import type { CallOptions } from './call-options.ts';
import type { ApiRequest } from './request.ts';

const ENDPOINT_ID = /^ep_[0-9a-z]+$/;
const JSON_TYPE = { 'content-type': 'application/json' };

/** Receivers of your events beside your callback. */
export class Endpoints {
  readonly #send: (request: ApiRequest) => Promise<unknown>;

  /** @param send resolves with the body of the answer */
  constructor(send: (request: ApiRequest) => Promise<unknown>) {
    this.#send = send;
  }

  /** All of them, with how far each is. */
  async list({ signal }: CallOptions = {}): Promise<Endpoint[]> {
    const request = { doing: 'list endpoints', method: 'GET', path: 'v1/endpoints', signal } as const;
    return ((await this.#send(request)) as EndpointPage).data;
  }

  /**
   * Adds one. Its secret is in the answer, and is shown once. The request is sent once: a failure is thrown at once, and may
   * leave an endpoint that the list shows.
   */
  async add(endpoint: NewEndpoint, { signal }: CallOptions = {}): Promise<CreatedEndpoint> {
    const request = { doing: 'add an endpoint', method: 'POST', path: 'v1/endpoints' } as const;
    const body = JSON.stringify(endpoint);
    return (await this.#send({
      ...request,
      headers: JSON_TYPE,
      body,
      once: true,
      signal,
    })) as CreatedEndpoint;
  }

  /** Changes, stops or enables one, or has events sent again that come `after` a `sequence`. */
  async change(id: string, change: EndpointChange, { signal }: CallOptions = {}): Promise<Endpoint> {
    const request = { doing: 'change an endpoint', method: 'PATCH', path: pathOf(id) } as const;
    const body = JSON.stringify(change);
    return (await this.#send({ ...request, headers: JSON_TYPE, body, signal })) as Endpoint;
  }

  /** Removes one: it gets nothing more. */
  async remove(id: string, { signal }: CallOptions = {}): Promise<void> {
    try {
      await this.#send({ doing: 'remove an endpoint', method: 'DELETE', path: pathOf(id), signal });
    } catch (error) {
      // An earlier request may have removed it, and its answer been lost.
      if (!(error instanceof NotFoundError && error.attempts > 1)) throw error;
    }
  }

  /** Sends one a signed `webhook.test` event, once: what the receiver answered, and how long that took. */
  async test(id: string, { signal }: CallOptions = {}): Promise<TestDelivery> {
    const request = { doing: 'test an endpoint', method: 'POST', path: `${pathOf(id)}/test` } as const;
    return (await this.#send({ ...request, signal })) as TestDelivery;
  }

  /** Gives one a new secret; the one before signs as well, for a day unless you say how long. */
  async rotateSecret(
    id: string,
    { overlapSeconds, signal }: SecretRotation & CallOptions = {},
  ): Promise<RotatedSecret> {
    const path = `${pathOf(id)}/rotate-secret`;
    const body = JSON.stringify({ overlapSeconds });
    const request = { doing: 'rotate a secret', method: 'POST', path, headers: JSON_TYPE } as const;
    return (await this.#send({ ...request, body, signal })) as RotatedSecret;
  }
}

function pathOf(id: string): string {
  if (ENDPOINT_ID.test(id)) return `v1/endpoints/${id}`;
  throw new TypeError('The id of an endpoint must be ep_ and 26 letters and digits');
}
