import { SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY } from './sandbox-credentials.ts';
import { isLoopback } from './shapes.ts';

export interface PlainHttpSettings {
  readonly FACEID_ENDPOINT: string;
  readonly LIVEMODE?: boolean | undefined;
  readonly ALLOW_SANDBOX: boolean;
  readonly TENCENTCLOUD_SECRET_ID: string;
  readonly TENCENTCLOUD_SECRET_KEY: string;
  readonly TENCENTCLOUD_TOKEN?: string | undefined;
}

/**
 * Why a worker may not ask its endpoint over http://; null when it may. Beyond loopback only the sandbox is asked so, and
 * only where three settings say that it is one: a real account and real people never go over a network in clear.
 */
export function validatePlainHttp(settings: PlainHttpSettings): string | null {
  const { protocol, hostname } = new URL(settings.FACEID_ENDPOINT);
  if (protocol === 'https:' || isLoopback(hostname)) return null;
  const isSandbox =
    settings.ALLOW_SANDBOX &&
    settings.LIVEMODE === false &&
    settings.TENCENTCLOUD_SECRET_ID === SANDBOX_SECRET_ID &&
    settings.TENCENTCLOUD_SECRET_KEY === SANDBOX_SECRET_KEY &&
    settings.TENCENTCLOUD_TOKEN === undefined;
  if (isSandbox) return null;
  return `must begin with https://. Another host is asked over http:// only when it is the sandbox: ALLOW_SANDBOX=true, LIVEMODE=false, and the sandbox's own credentials (${SANDBOX_SECRET_ID})`;
}
