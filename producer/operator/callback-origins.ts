import type { StoreKeys } from '../../shared/store/keys.ts';
import { readOr } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';

/** Where events go: of a callback URL the origin alone, because a path may name a customer. */
export interface CallbackOrigins {
  /** That of the verification's own callback, else of its client's; null: nowhere. */
  find(record: Pick<VerificationRecord, 'clientId' | 'callbackUrl'>): Promise<string | null>;
}

/** Each client is asked about once, so it lasts for one request. */
export function createCallbackOrigins({
  redis,
  keys,
}: {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}): CallbackOrigins {
  const defaults = new Map<string, Promise<string | null>>();
  const findDefault = (clientId: string) => {
    const known =
      defaults.get(clientId) ?? readOr(redis.hget(keys.client(clientId), 'callbackUrl'), null).then(originOf);
    defaults.set(clientId, known);
    return known;
  };
  return {
    find: async ({ clientId, callbackUrl }) => originOf(callbackUrl) ?? findDefault(clientId),
  };
}

export function originOf(url: string | null): string | null {
  return url !== null && URL.canParse(url) ? new URL(url).origin : null;
}
