import { ANY_ORIGIN } from '../../shared/store/clients/client.ts';
import { parseCallbackOrigin, parseCallbackUrl } from '../../shared/webhook/callback-url.ts';
import { ProblemError } from '../problem.ts';

export interface CallbackRules {
  readonly allowInsecureCallbacks: boolean;
}

interface Given {
  readonly callbackUrl?: string | null | undefined;
  readonly allowedOrigins?: readonly string[] | undefined;
}

interface Checked {
  readonly callbackUrl?: string | null;
  readonly allowedOrigins?: readonly string[];
}

/**
 * A client's callback and origins in normal form, as the command line checks them.
 *
 * @throws {ProblemError} 422 that points to what is not allowed
 */
export function checkSettings({ callbackUrl, allowedOrigins }: Given, rules: CallbackRules): Checked {
  const allowInsecure = rules.allowInsecureCallbacks;
  return {
    ...(callbackUrl === undefined
      ? {}
      : { callbackUrl: callbackUrl === null ? null : checkUrl(callbackUrl, allowInsecure) }),
    ...(allowedOrigins === undefined
      ? {}
      : { allowedOrigins: allowedOrigins.map((text, i) => checkOrigin(text, i, allowInsecure)) }),
  };
}

function checkUrl(text: string, allowInsecure: boolean): string {
  const parsed = parseCallbackUrl(text, { allowInsecure });
  if (parsed.ok) return parsed.href;
  throw refused('/callbackUrl', parsed.problem, 'must be an absolute URL of a public host, with https');
}

function checkOrigin(text: string, i: number, allowInsecure: boolean): string {
  if (text === ANY_ORIGIN && allowInsecure) return ANY_ORIGIN;
  const parsed = parseCallbackOrigin(text, { allowInsecure });
  if (parsed.ok) return parsed.origin;
  throw refused(
    `/allowedOrigins/${i}`,
    parsed.problem,
    'must be scheme, host and port of a public host, with https',
  );
}

function refused(pointer: string, code: string, detail: string): ProblemError {
  return new ProblemError('invalid_request', { errors: [{ pointer, code, detail }] });
}
