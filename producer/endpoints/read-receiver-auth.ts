import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { ReceiverAuth, ReceiverAuthChange } from '../../shared/contract/receiver-auth.ts';
import type { AuthParts } from '../../shared/store/clients/change-receiver-auth.ts';
import type { StoredReceiverAuth } from '../../shared/store/clients/receiver-auth.ts';
import { DAY_MS } from '../../shared/time-units.ts';
import { ProblemError } from '../problem.ts';

/** RFC 9110, section 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII with spaces and tabs between: what every server takes. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;

/** Those that say how a message is carried (RFC 9110, section 7.6.1), what we say of the event, and its signature and trace. */
const OURS = new Set([
  ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect', 'host', 'via'],
  ...[
    'content-length',
    'content-type',
    'content-encoding',
    'user-agent',
    'date',
    'traceparent',
    'tracestate',
  ],
  ...['baggage', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
]);
const OUR_BEGINNINGS = ['webhook-', 'proxy-', 'sec-', 'svix-'];

/**
 * What a client gave for one of its receivers, as it is stored.
 *
 * @param now ms epoch
 * @throws {ProblemError} invalid_request; no value, and no name of a header, is in it
 */
export function readReceiverAuth(
  { headers, basic, clientCertificate }: ReceiverAuthChange,
  now: number,
): AuthParts {
  return {
    ...(headers === undefined
      ? {}
      : { headers: headers && readHeaders(headers, basic !== null && basic !== undefined) }),
    ...(basic === undefined ? {} : { basic: basic && readBasic(basic) }),
    ...(clientCertificate === undefined
      ? {}
      : { certificate: clientCertificate && readCertificate(clientCertificate, now) }),
  };
}

function readHeaders(
  headers: Readonly<Record<string, string>>,
  hasBasic: boolean,
): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of entries) {
    if (!HEADER_NAME.test(name)) throw refuse('/headers', 'header_name', 'must have names that HTTP allows');
    if (OURS.has(name) || OUR_BEGINNINGS.some((beginning) => name.startsWith(beginning))) {
      throw refuse('/headers', 'reserved_header', 'must not have headers that carry or sign the message');
    }
    if (!HEADER_VALUE.test(value)) {
      throw refuse('/headers', 'header_value', 'must have values of visible ASCII, without line ends');
    }
  }
  const read = Object.fromEntries(entries);
  if (Object.keys(read).length < entries.length) {
    throw refuse('/headers', 'repeated_header', 'must not name a header twice');
  }
  if (hasBasic && 'authorization' in read) {
    throw refuse('/basic', 'repeated_header', 'must not be given beside an authorization header');
  }
  return read;
}

/** RFC 7617: the user name ends at the first colon. */
function readBasic({ username, password }: NonNullable<ReceiverAuthChange['basic']>): string {
  if (username.includes(':') || /\p{Cc}/u.test(username + password)) {
    throw refuse(
      '/basic',
      'basic_credentials',
      'must have no colon in the user name, and no control characters',
    );
  }
  // What is no character would be sent as another one.
  if (/\p{Cs}/u.test(username) || /\p{Cs}/u.test(password)) {
    throw refuse('/basic', 'not_unicode', 'must be well-formed Unicode, without unpaired surrogates');
  }
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function readCertificate(
  { certificate, key }: NonNullable<ReceiverAuthChange['clientCertificate']>,
  now: number,
): NonNullable<AuthParts['certificate']> {
  const parsed = parseCertificate(certificate);
  const privateKey = parseKey(key);
  if (!parsed.checkPrivateKey(privateKey)) {
    throw refuse('/clientCertificate/key', 'other_key', 'must be the private key of the certificate');
  }
  const expiresAt = Date.parse(parsed.validTo);
  if (expiresAt <= now) {
    throw refuse('/clientCertificate/certificate', 'in_the_past', 'must not have expired');
  }
  try {
    createSecureContext({ cert: certificate, key });
  } catch {
    throw refuse(
      '/clientCertificate/certificate',
      'certificate',
      'must be one that TLS can use, with its chain',
    );
  }
  return { certificate, key, fingerprint: fingerprintOf(parsed), expiresAt };
}

function parseCertificate(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw refuse('/clientCertificate/certificate', 'certificate', 'must be an X.509 certificate in PEM');
  }
}

function parseKey(text: string) {
  try {
    return createPrivateKey(text);
  } catch {
    throw refuse(
      '/clientCertificate/key',
      'private_key',
      'must be a private key in PEM that is not encrypted',
    );
  }
}

const fingerprintOf = ({ fingerprint256 }: X509Certificate): string =>
  fingerprint256.replaceAll(':', '').toLowerCase();

function refuse(pointer: string, code: string, detail: string): ProblemError {
  return new ProblemError('invalid_request', { errors: [{ pointer: `/auth${pointer}`, code, detail }] });
}

const SOON_MS = 30 * DAY_MS;

/** What of it its client sees. @param now ms epoch */
export function presentReceiverAuth(
  stored: StoredReceiverAuth | undefined,
  now: number,
): ReceiverAuth | null {
  if (stored === undefined) return null;
  const { origin, headers, basic, certificate } = stored;
  return {
    origin,
    headers: headers === undefined ? [] : [...headers.names],
    basic: basic !== undefined,
    clientCertificate:
      certificate === undefined
        ? null
        : {
            fingerprint: certificate.fingerprint,
            expiresAt: new Date(certificate.expiresAt).toISOString(),
            expiresSoon: certificate.expiresAt - now < SOON_MS,
          },
  };
}
