import { matchesAllowedOrigin } from '../../webhook/callback-url.ts';
import { ANY_ORIGIN, type Client } from './client.ts';

/**
 * Whether a client may have events sent to a callback that one of its verifications names. Asked when the verification
 * comes in, and again at each attempt to deliver: origins can be taken away in between.
 *
 * @param callback a URL that `parseCallbackUrl` accepted
 */
export function isCallbackAllowed(
  { allowedOrigins }: Pick<Client, 'allowedOrigins'>,
  callback: { readonly origin: string },
): boolean {
  return allowedOrigins.includes(ANY_ORIGIN) || matchesAllowedOrigin(callback, allowedOrigins);
}

/** The same of its default callback: one that an operator has set may be anywhere, one that the client chose itself may not. */
export function isDefaultCallbackAllowed(
  client: Pick<Client, 'allowedOrigins' | 'choseCallback'>,
  callback: { readonly origin: string },
): boolean {
  return !client.choseCallback || isCallbackAllowed(client, callback);
}
