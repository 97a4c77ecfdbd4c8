import { isLoopback } from './shapes.ts';

/** Hosts that are Tencent Cloud's own: what answers there is real, and billed. */
const TENCENT_CLOUD = /(^|\.)tencentcloudapi\.(com|cn|com\.cn)$/;

export type Livemode =
  | { readonly known: true; readonly livemode: boolean }
  /** Why the settings do not say whether the upstream is the real one. */
  | { readonly known: false; readonly reason: string };

/**
 * Whether an endpoint is the real upstream. Tencent Cloud's hosts are; a loopback address is taken for the sandbox unless
 * said otherwise; of any other host only the operator knows, and a wrong guess would pass test answers off as real.
 *
 * @param endpoint a URL that has passed `upstreamEndpoint`
 * @param declared the setting `LIVEMODE`
 */
export function decideLivemode(endpoint: string, declared: boolean | undefined): Livemode {
  const { hostname } = new URL(endpoint);
  if (TENCENT_CLOUD.test(hostname)) {
    return declared === false
      ? {
          known: false,
          reason: 'must not be false for an endpoint of Tencent Cloud: it answers about real people',
        }
      : { known: true, livemode: true };
  }
  if (declared !== undefined) return { known: true, livemode: declared };
  if (isLoopback(hostname)) return { known: true, livemode: false };
  return {
    known: false,
    reason:
      'must be set for a FACEID_ENDPOINT that is neither Tencent Cloud nor a loopback address: true for a way to the real service, false for a stand-in',
  };
}

/** Why a production process may not run on a stand-in; null when it may. */
export function refuseSandbox(
  livemode: boolean,
  { NODE_ENV, ALLOW_SANDBOX }: { readonly NODE_ENV?: string | undefined; readonly ALLOW_SANDBOX: boolean },
): string | null {
  if (livemode || ALLOW_SANDBOX || NODE_ENV !== 'production') return null;
  return 'must be true for NODE_ENV=production with the sandbox, which verifies no real person; otherwise set TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and a FACEID_ENDPOINT of the real service';
}
