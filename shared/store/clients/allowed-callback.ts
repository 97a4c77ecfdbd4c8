import { matchesAllowedOrigin } from '../../webhook/callback-url.ts';
import { ANY_ORIGIN, type Client } from './client.ts';

/**
 * Whether a client may have events sent to a callback that one of its verifications names. Asked when the verification
 * comes in, and again at each attempt to deliver: origins can be taken away in between. A default callback that an operator
 * has set is not asked about; one that the client chose itself is.
 *
 * @param callback a URL that `parseCallbackUrl` accepted
 */
export function isCallbackAllowed(
  { allowedOrigins }: Pick<Client, 'allowedOrigins'>,
  callback: { readonly origin: string },
): boolean {
  return allowedOrigins.includes(ANY_ORIGIN) || matchesAllowedOrigin(callback, allowedOrigins);
}
