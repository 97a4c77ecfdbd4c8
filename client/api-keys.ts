import type { ApiKey, ApiKeyPage, CreatedApiKey, NewApiKey } from '../shared/contract/api-key.ts';
import { NotFoundError } from './api-error.ts';
import type { CallOptions } from './call-options.ts';
import type { ApiRequest } from './request.ts';

const KEY_PREFIX = /^vq_(?:test_)?[0-9a-f]{6}$/;

/** Your own API keys, under one of them that has the scope `manage`. */
export class ApiKeys {
  readonly #send: (request: ApiRequest) => Promise<unknown>;

  /** @param send resolves with the body of the answer */
  constructor(send: (request: ApiRequest) => Promise<unknown>) {
    this.#send = send;
  }

  /** All of them, newest first; never the keys themselves. */
  async list({ signal }: CallOptions = {}): Promise<ApiKey[]> {
    const request = { doing: 'list API keys', method: 'GET', path: 'v1/api-keys', signal } as const;
    return ((await this.#send(request)) as ApiKeyPage).data;
  }

  /**
   * Makes another one, which may do no more than this client's key. The key is in the answer, and is shown once. The request is
   * sent once: a failure is thrown at once, and may leave a key that the list shows and that you revoke.
   *
   * @throws {ConflictError} `too_many_api_keys`
   */
  async add(key: NewApiKey = {}, { signal }: CallOptions = {}): Promise<CreatedApiKey> {
    return (await this.#send({
      doing: 'make an API key',
      method: 'POST',
      path: 'v1/api-keys',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(key),
      once: true,
      signal,
    })) as CreatedApiKey;
  }

  /**
   * Refuses a key from now on, named by its visible beginning.
   *
   * @param options `evenLast` also revokes the last key with `manage`
   * @throws {ConflictError} `last_manage_key`, `last_key`
   */
  async revoke(
    prefix: string,
    { evenLast = false, signal }: CallOptions & { readonly evenLast?: boolean } = {},
  ): Promise<void> {
    if (!KEY_PREFIX.test(prefix)) throw new TypeError('The beginning of a key must be as the list shows it');
    const query = evenLast ? { evenLast: 'true' } : {};
    const path = `v1/api-keys/${prefix}`;
    try {
      await this.#send({ doing: 'revoke an API key', method: 'DELETE', path, query, signal });
    } catch (error) {
      // An earlier request may have revoked it, and its answer been lost.
      if (!(error instanceof NotFoundError && error.attempts > 1)) throw error;
    }
  }
}
