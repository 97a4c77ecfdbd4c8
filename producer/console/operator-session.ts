import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** A working day and a little more. */
export const SESSION_MS = 12 * 3_600_000;

/**
 * An operator who signed in, without anything to store: `<end of the session, ms epoch>.<HMAC-SHA256>` under a key
 * derived from the operator key, so that every producer accepts what another has given out, and a new operator key ends
 * all sessions.
 */
export interface OperatorSessions {
  /** In constant time. */
  isOperatorKey(text: string): boolean;
  /** @param now ms epoch */
  begin(now: number): string;
  isValid(token: string, now: number): boolean;
}

export function createOperatorSessions(operatorKey: string): OperatorSessions {
  const keyDigest = sha256(operatorKey);
  const signingKey = Buffer.from(hkdfSync('sha256', operatorKey, '', 'veriqueue/console-session/1', 32));
  const sign = (until: string) => createHmac('sha256', signingKey).update(until).digest();
  return {
    // Digests are of one length, whatever was sent.
    isOperatorKey: (text) => timingSafeEqual(sha256(text), keyDigest),
    begin: (now) => {
      const until = String(now + SESSION_MS);
      return `${until}.${sign(until).toString('base64url')}`;
    },
    isValid: (token, now) => {
      const [, until = '', signature = ''] = /^(\d{1,15})\.([\w-]{43})$/.exec(token) ?? [];
      const received = Buffer.from(signature, 'base64url');
      const expected = sign(until);
      return (
        received.length === expected.length && timingSafeEqual(received, expected) && Number(until) > now
      );
    },
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
