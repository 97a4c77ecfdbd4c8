/** Of `StoreKeys`, what finds API keys and says when they were used, and whether the lane is that of test keys. */
export interface ApiKeyKeys {
  /** Hash: API key hash → client id. */
  apiKeys(): string;
  /** Hash: API key hash → when the key was last used (ms epoch), a minute late at most. */
  apiKeyUses(): string;
  /** String: the lane is for tests. */
  testLane(): string;
  /** Set: clients that are here for their test keys, also those that have none any more. */
  testTwins(): string;
}

/** @param tag what the store's keys begin with */
export function apiKeyKeys(tag: string): ApiKeyKeys {
  return {
    apiKeys: () => `${tag}:api-keys`,
    apiKeyUses: () => `${tag}:api-key-uses`,
    testLane: () => `${tag}:test-lane`,
    testTwins: () => `${tag}:test-twins`,
  };
}
