import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ENVIRONMENT_OPERATOR } from '../../shared/contract/console-operators.ts';
import { deriveKey } from '../../shared/sealing/hkdf.ts';
import { hashOperatorKey, isOperatorKey } from '../../shared/sealing/operator-key.ts';
import { touchOperator } from '../../shared/store/operators/operator-use.ts';
import { findOperator, type OperatorIdentity } from '../../shared/store/operators/operators.ts';
import { createUseNote, type NoteUseDeps } from '../access/note-use.ts';

/** The operator that a key belongs to. */
export interface KeyHolder extends OperatorIdentity {
  /** Null: the key of the environment. */
  readonly keyHash: string | null;
}

/** What is done with operator keys: one is recognized, and that of the environment makes the names of sessions. */
export interface OperatorKeys {
  /** Whose key this text is; null for no key, and for one that is unknown or revoked. @throws errors of Redis */
  find(text: string): Promise<KeyHolder | null>;
  /** The holder of a key that was recognized before, as long as it stands; asking is a use of it. @throws errors of Redis */
  findByHash(keyHash: string | null): Promise<KeyHolder | null>;
  /**
   * Where a session's token is kept: a MAC under a key derived from the environment's. A reader of Redis cannot make a
   * cookie of it, and with a new OPERATOR_KEY every session before it is unknown.
   */
  sessionId(token: string): string;
}

export interface OperatorKeysDeps extends NoteUseDeps {
  /** That of the environment. */
  readonly operatorKey: string;
}

const environmentHolder: KeyHolder = { name: ENVIRONMENT_OPERATOR, readOnly: false, keyHash: null };

export function createOperatorKeys({ operatorKey, ...deps }: OperatorKeysDeps): OperatorKeys {
  const { redis, keys } = deps;
  // One for the key of the environment, and as many as there are operators.
  const noteUse = createUseNote<string | null>(deps, {
    touch: touchOperator,
    onFailure: (reason) =>
      deps.log.debug(
        { event: 'operator_use_failed', reason },
        'cannot write down that an operator key was used',
      ),
  });
  const keyDigest = sha256(operatorKey);
  const sessionKey = deriveKey(operatorKey, 'veriqueue/console-session/2');
  const findNamed = async (keyHash: string): Promise<KeyHolder | null> => {
    const operator = await findOperator(redis, keys, keyHash);
    return operator && { ...operator, keyHash };
  };
  const findByHash = async (keyHash: string | null): Promise<KeyHolder | null> => {
    const holder = keyHash === null ? environmentHolder : await findNamed(keyHash);
    if (holder !== null) noteUse(keyHash);
    return holder;
  };
  return {
    find: async (text) => {
      // Digests are of one length, whatever was sent; they are compared in constant time.
      if (timingSafeEqual(sha256(text), keyDigest)) return findByHash(null);
      return isOperatorKey(text) ? findByHash(hashOperatorKey(text)) : null;
    },
    findByHash,
    sessionId: (token) => createHmac('sha256', sessionKey).update(token).digest('base64url'),
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
