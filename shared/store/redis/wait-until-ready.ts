import { within } from '../../within.ts';
import { adviseOnConnection } from './connection-advice.ts';
import { describeRedisError, isTlsFailure } from './failure.ts';
import type { Redis } from './redis-client.ts';
import { usesTls } from './uses-tls.ts';

/** Redis does not know the user, or its password is another. No wait changes that. */
export class WrongCredentialsError extends Error {}

const WRONG_CREDENTIALS = /^(WRONGPASS|NOAUTH)\b/;

/**
 * Resolves once commands can be sent.
 *
 * @throws {Error} with the last reason when that takes longer than `timeoutMs`; the client goes on trying
 * @throws {WrongCredentialsError} at once
 * @throws the reason of `signal` when it aborts
 */
export async function waitUntilReady(client: Redis, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  if (client.status === 'ready') {
    return;
  }
  let reason = 'no answer';
  let giveUp: () => void = () => undefined;
  let isAboutTls = false;
  const onError = (error: unknown) => {
    // What Redis says of TLS comes and goes with the reset that follows it, and says more.
    if (isAboutTls) return;
    isAboutTls = isTlsFailure(error);
    reason = describeRedisError(error);
    if (WRONG_CREDENTIALS.test(reason)) giveUp();
  };
  client.on('error', onError);
  const settled = new Promise<void>((settle) => {
    giveUp = settle;
    client.once('ready', settle);
    signal?.addEventListener('abort', () => settle(), { once: true });
  });
  const isLate = (await within(timeoutMs, settled)) === 'expired';
  client.off('error', onError);
  signal?.throwIfAborted();
  if (WRONG_CREDENTIALS.test(reason)) {
    throw new WrongCredentialsError(`Redis refuses the user or the password of REDIS_URL: ${reason}`);
  }
  if (isLate) {
    const advice = adviseOnConnection(reason, { tls: usesTls(client) });
    throw new Error(
      `Redis is not ready after ${timeoutMs / 1000} s: ${reason}${advice === null ? '' : ` (${advice})`}`,
    );
  }
}
