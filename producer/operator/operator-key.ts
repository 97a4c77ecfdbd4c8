import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { hashOperatorKey, isOperatorKey } from '../../shared/sealing/operator-key.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import {
  ENVIRONMENT_OPERATOR,
  findOperator,
  type OperatorIdentity,
} from '../../shared/store/operators/operators.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

/** The operator that a key belongs to. */
export interface KeyHolder extends OperatorIdentity {
  /** Null: the key of the environment. */
  readonly keyHash: string | null;
}

/** What is done with operator keys: one is recognized, and that of the environment makes the names of sessions. */
export interface OperatorKeys {
  /** Whose key this text is; null for no key, and for one that is unknown or revoked. @throws errors of Redis */
  find(text: string): Promise<KeyHolder | null>;
  /** The holder of a key that was recognized before, as long as it stands. @throws errors of Redis */
  findByHash(keyHash: string | null): Promise<KeyHolder | null>;
  /**
   * Where a session's token is kept: a MAC under a key derived from the environment's. A reader of Redis cannot make a
   * cookie of it, and with a new OPERATOR_KEY every session before it is unknown.
   */
  sessionId(token: string): string;
}

export interface OperatorKeysDeps {
  /** That of the environment. */
  readonly operatorKey: string;
  readonly redis: Redis;
  readonly keys: StoreKeys;
}

const environmentHolder: KeyHolder = { name: ENVIRONMENT_OPERATOR, readOnly: false, keyHash: null };

export function createOperatorKeys({ operatorKey, redis, keys }: OperatorKeysDeps): OperatorKeys {
  const keyDigest = sha256(operatorKey);
  const sessionKey = Buffer.from(hkdfSync('sha256', operatorKey, '', 'veriqueue/console-session/2', 32));
  const findByHash = async (keyHash: string | null): Promise<KeyHolder | null> => {
    if (keyHash === null) return environmentHolder;
    const operator = await findOperator(redis, keys, keyHash);
    return operator && { ...operator, keyHash };
  };
  return {
    find: async (text) => {
      // Digests are of one length, whatever was sent; they are compared in constant time.
      if (timingSafeEqual(sha256(text), keyDigest)) return environmentHolder;
      return isOperatorKey(text) ? findByHash(hashOperatorKey(text)) : null;
    },
    findByHash,
    sessionId: (token) => createHmac('sha256', sessionKey).update(token).digest('base64url'),
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
