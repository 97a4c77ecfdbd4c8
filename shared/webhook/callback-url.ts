/**
 * What may be registered as a callback: an absolute https URL of a public host. This is the early, friendly check; the
 * one that protects is made at connect time, on the addresses the name resolves to in that moment.
 */
import { isIP } from 'node:net';
import { classifyAddress } from './address-guard.ts';

/** `forbidden_host` is shown to a client as `refused`: which address it was, and why, is not the client's to know. */
export type CallbackUrlProblem =
  | 'not_a_url'
  | 'too_long'
  | 'insecure_scheme'
  | 'has_credentials'
  | 'has_fragment'
  | 'forbidden_host';

export type ParsedCallbackUrl =
  /** `href` and `origin` in the WHATWG normal form: what is stored, matched and connected to. */
  | { readonly ok: true; readonly href: string; readonly origin: string }
  | { readonly ok: false; readonly problem: CallbackUrlProblem };

export interface CallbackUrlRules {
  /** Lets http and private hosts through. For development only. */
  readonly allowInsecure: boolean;
}

const maxLength = 2048;

// The WHATWG parser drops tabs and line feeds, trims spaces and reads `\` as `/`; other parsers don't. Text that two
// parsers read differently is refused instead of repaired.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not be there
const ambiguousText = /[\u0000-\u0020\u007f-\u00a0\\]/;
const absoluteHttp = /^https?:\/\/[^/]/i;

// Names that mean "this host" or "this network" everywhere (RFC 6761, RFC 6762, ICANN's .internal).
const localSuffixes = ['localhost', 'local', 'internal', 'home.arpa'];

export function parseCallbackUrl(text: string, rules: CallbackUrlRules): ParsedCallbackUrl {
  if (text.length > maxLength) return { ok: false, problem: 'too_long' };
  if (ambiguousText.test(text) || !URL.canParse(text)) return { ok: false, problem: 'not_a_url' };
  const url = new URL(text);
  const problem = findProblem(text, url, rules);
  return problem === null ? { ok: true, href: url.href, origin: url.origin } : { ok: false, problem };
}

function findProblem(text: string, url: URL, rules: CallbackUrlRules): CallbackUrlProblem | null {
  if (url.protocol !== 'https:' && !(rules.allowInsecure && url.protocol === 'http:'))
    return 'insecure_scheme';
  if (!absoluteHttp.test(text)) return 'not_a_url';
  if (url.username !== '' || url.password !== '') return 'has_credentials';
  if (text.includes('#')) return 'has_fragment';
  return isForbiddenHost(url.hostname, rules) ? 'forbidden_host' : null;
}

function isForbiddenHost(hostname: string, rules: CallbackUrlRules): boolean {
  if (rules.allowInsecure) return false;
  const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  if (isIP(literal) !== 0) return !classifyAddress(literal).allowed;
  const name = literal.endsWith('.') ? literal.slice(0, -1) : literal;
  // A dotless or an empty-labelled name is no public host name; resolvers may complete it with a search domain.
  if (!name.includes('.') || name.split('.').includes('')) return true;
  return localSuffixes.some((suffix) => name.endsWith(`.${suffix}`));
}

/**
 * @param text an origin as an operator registers it: scheme, host and port, at most a trailing slash
 * @returns the origin in normal form (`https://hooks.example.com`, default port dropped)
 */
export function parseCallbackOrigin(text: string, rules: CallbackUrlRules): ParsedCallbackUrl {
  const parsed = parseCallbackUrl(text, rules);
  if (!parsed.ok) return parsed;
  return parsed.href === `${parsed.origin}/` ? parsed : { ok: false, problem: 'not_a_url' };
}

/**
 * Exact comparison of scheme, host and port. No wildcards and no suffix match: `https://example.com.evil.test` must never
 * pass for `https://example.com`.
 *
 * @param callback a URL that `parseCallbackUrl` accepted
 * @param allowedOrigins origins that `parseCallbackOrigin` accepted
 */
export function matchesAllowedOrigin(
  callback: { readonly origin: string },
  allowedOrigins: readonly string[],
): boolean {
  return allowedOrigins.includes(callback.origin);
}
