/** What kept a request from getting a status, from the error undici or Node's sockets give. */
import type { DeliveryErrorClass } from './delivery-result.ts';
import { forbiddenAddressCode } from './guarded-connector.ts';

const classByCode: Readonly<Record<string, DeliveryErrorClass>> = {
  [forbiddenAddressCode]: 'forbidden_address',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  ETIMEDOUT: 'connect_timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'too_large',
  HPE_HEADER_OVERFLOW: 'too_large',
  ENOTFOUND: 'dns',
  ENODATA: 'dns',
  ECONNREFUSED: 'refused_connection',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  EPROTO: 'tls',
};

// Node names certificate failures after OpenSSL's verification codes (nodejs.org/api/tls.html, "X509 certificate error codes").
const tlsCode =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/;

export function classifyTransportError(error: unknown): DeliveryErrorClass {
  const code = readCode(error);
  if (code === null) return 'other';
  const known = Object.hasOwn(classByCode, code) ? classByCode[code] : undefined;
  if (known !== undefined) return known;
  if (code.startsWith('EAI_')) return 'dns';
  return tlsCode.test(code) ? 'tls' : 'other';
}

function readCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
