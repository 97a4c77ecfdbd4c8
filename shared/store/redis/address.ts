/**
 * Where Redis is, read from its URL. The door for `REDIS_URL`: a URL that passes here needs no second look.
 *
 * Sentinel and Cluster are kinds of their own; as long as neither is supported, their URLs are refused.
 */
export type RedisAddress = SingleRedis;

/** One server, and its replicas as far as its provider hides them behind one name. */
interface SingleRedis {
  readonly kind: 'single';
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `redis[s]://[[user]:password@]host[:port][/db]`.
 *
 * Query parameters are refused: ioredis would merge them into its options, and a URL that can switch off
 * certificate checks is not a URL an operator can read.
 *
 * @throws {RangeError} naming the part that is wrong; the message never holds the URL, for it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) {
    throw new RangeError('The Redis URL must look like redis[s]://[user:password@]host[:port][/db]');
  }
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    // The protocol itself is not echoed: a URL with a missing scheme parses with the user name as its scheme.
    throw new RangeError('The Redis URL must begin with redis:// or rediss://');
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw new RangeError('The Redis URL must have no query and no fragment');
  }
  if (parsed.hostname === '') {
    throw new RangeError('The Redis URL must name a host');
  }
  const username = decodeUserInfo(parsed.username);
  const password = decodeUserInfo(parsed.password);
  return {
    kind: 'single',
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port),
    tls: parsed.protocol === 'rediss:',
    db: parseDatabase(parsed.pathname),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  };
}

/** The URL as it may be printed: the password as `***`, nothing at all of a URL that cannot be read. */
export function maskRedisUrl(url: string): string {
  try {
    return formatAddress(parseRedisUrl(url));
  } catch {
    return '(unreadable Redis URL)';
  }
}

function formatAddress({ host, port, tls, db, username, password }: RedisAddress): string {
  const user = username === undefined ? '' : encodeURIComponent(username);
  const userInfo = password === undefined ? user : `${user}:***`;
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return `${tls ? 'rediss' : 'redis'}://${userInfo === '' ? '' : `${userInfo}@`}${authority}${db === 0 ? '' : `/${db}`}`;
}

function parseDatabase(path: string): number {
  const text = path.replace(/^\//, '');
  if (!/^\d{0,5}$/.test(text)) {
    throw new RangeError('The Redis URL must have nothing but a database number after the host');
  }
  return Number(text);
}

function decodeUserInfo(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new RangeError('The Redis URL must have a percent-encoded user name and password');
  }
}
