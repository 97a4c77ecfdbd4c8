/**
 * What to do about a connection that does not come about. The reason is Redis', OpenSSL's or the system's own text, which
 * names no setting of ours.
 */
interface Rule {
  readonly reason: RegExp;
  /** @default both */
  readonly tls?: boolean;
  readonly advice: string;
}

const RULES: readonly Rule[] = [
  {
    reason: /max number of clients/,
    advice:
      'Redis has no connection left. Raise its maxclients, or its plan, or stop other programs: a worker needs 6 connections, a producer 4 at most',
  },
  {
    reason: /alert (certificate required|handshake failure|bad certificate|certificate unknown|unknown ca)/,
    advice: 'Redis wants a certificate that it trusts: set REDIS_CERT_FILE and REDIS_KEY_FILE',
  },
  {
    reason: /self-signed certificate|unable to (get|verify)|UNABLE_TO_/,
    advice: 'set REDIS_CA_FILE to the certificate of the authority that signed the one of Redis',
  },
  {
    reason: /does not match certificate's altnames/,
    advice:
      'name Redis in REDIS_URL as its certificate does, or set REDIS_TLS_SERVERNAME to a name in the certificate',
  },
  {
    reason: /wrong version number|packet length too long/,
    advice: 'this port speaks no TLS: REDIS_URL must begin with redis, not rediss',
  },
  {
    reason: /ETIMEDOUT|before secure TLS connection/,
    tls: true,
    advice:
      'if this port speaks no TLS, REDIS_URL must begin with redis instead of rediss; otherwise check the way there',
  },
  {
    reason: /ECONNRESET|EPIPE|Unknown RESP type|Protocol error|onnection (is )?closed/,
    tls: false,
    advice:
      'Redis hung up. If it expects TLS at this port, REDIS_URL must begin with rediss instead of redis; if it has no connection left, raise its maxclients',
  },
  {
    reason: /ECONNRESET|EPIPE|onnection (is )?closed/,
    tls: true,
    advice:
      'Redis hung up. If it asks for a certificate of its clients, set REDIS_CERT_FILE and REDIS_KEY_FILE; if it has no connection left, raise its maxclients',
  },
  { reason: /unknown command.+info/i, advice: 'Redis must have the command INFO under its own name' },
  {
    reason: /cluster support disabled/,
    advice: 'this Redis is no cluster: REDIS_URL must begin with redis:// or rediss://',
  },
  {
    reason: /^All sentinels are unreachable.*(NOAUTH|WRONGPASS|NOPERM)/,
    advice: 'set REDIS_SENTINEL_PASSWORD, and REDIS_SENTINEL_USERNAME if the sentinels have users',
  },
  {
    reason: /^All sentinels are unreachable\.$/,
    advice: 'the sentinels answer, and know no primary by the name that REDIS_URL ends with',
  },
  {
    reason: /ENOTFOUND|EAI_AGAIN|ENOENT/,
    advice: 'check the host, or the path of the socket, in REDIS_URL',
  },
];

/**
 * @param reason as `describeRedisError` gives it
 * @returns a sentence that names the setting to change; null for a reason that speaks for itself
 */
export function adviseOnConnection(reason: string, { tls }: { readonly tls: boolean }): string | null {
  return RULES.find((rule) => rule.reason.test(reason) && (rule.tls ?? tls) === tls)?.advice ?? null;
}
