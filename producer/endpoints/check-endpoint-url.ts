import { isCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import { parseCallbackUrl } from '../../shared/webhook/callback-url.ts';
import { ProblemError } from '../problem.ts';

/**
 * Judges the URL of an endpoint as a callback of a verification is judged: the operator says by origins where events may go.
 *
 * @returns it in normal form
 * @throws {ProblemError} invalid_request
 */
export function checkEndpointUrl(
  { rules }: { readonly rules: { readonly allowInsecureCallbacks: boolean } },
  client: ClientIdentity,
  url: string,
): string {
  const parsed = parseCallbackUrl(url, { allowInsecure: rules.allowInsecureCallbacks });
  if (!parsed.ok) {
    const code = parsed.problem === 'forbidden_host' ? 'refused' : parsed.problem;
    throw refuse(code, 'must be an https URL of a public host, without credentials and fragment');
  }
  if (!isCallbackAllowed(client, parsed)) {
    throw refuse('origin_not_allowed', 'must have an origin that is registered for you');
  }
  return parsed.href;
}

function refuse(code: string, detail: string): ProblemError {
  return new ProblemError('invalid_request', { errors: [{ pointer: '/url', code, detail }] });
}
