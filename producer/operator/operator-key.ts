import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What is done with the operator key: it is compared, and it makes the names under which sessions rest in Redis. */
export interface OperatorKey {
  /** In constant time. */
  matches(text: string): boolean;
  /**
   * Where a session's token is kept: a MAC under a key derived from the operator key. A reader of Redis cannot make a
   * cookie of it, and with a new operator key every session before it is unknown.
   */
  sessionId(token: string): string;
}

export function createOperatorKey(operatorKey: string): OperatorKey {
  const keyDigest = sha256(operatorKey);
  const sessionKey = Buffer.from(hkdfSync('sha256', operatorKey, '', 'veriqueue/console-session/2', 32));
  return {
    // Digests are of one length, whatever was sent.
    matches: (text) => timingSafeEqual(sha256(text), keyDigest),
    sessionId: (token) => createHmac('sha256', sessionKey).update(token).digest('base64url'),
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
