/**
 * Where Redis is, read from its URL. The door for `REDIS_URL`: a URL that passes here needs no second look.
 */
export type RedisAddress = SingleRedis | SocketRedis | SentinelRedis | ClusterRedis;

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

interface Login {
  readonly username?: string;
  readonly password?: string;
}

interface Network extends Login {
  readonly tls: boolean;
  /** The IP versions that a name may stand for: 4, 6, or 0 for both. Unset, the library decides. */
  readonly family?: 0 | 4 | 6;
}

/** One server, and its replicas as far as its provider hides them behind one name. */
interface SingleRedis extends Network, RedisHost {
  readonly kind: 'single';
  readonly db: number;
}

/** One server on this machine. */
interface SocketRedis extends Login {
  readonly kind: 'socket';
  readonly path: string;
  readonly db: number;
}

/** A primary whose address is asked of sentinels. */
interface SentinelRedis extends Network {
  readonly kind: 'sentinel';
  readonly sentinels: readonly RedisHost[];
  /** Of the primary, as the sentinels know it. */
  readonly name: string;
  readonly db: number;
}

/** A cluster, by some of its nodes: they name the others. */
interface ClusterRedis extends Network {
  readonly kind: 'cluster';
  readonly nodes: readonly RedisHost[];
}

const SERVER_PORT = 6379;
const SENTINEL_PORT = 26_379;

const SCHEMES = {
  redis: { kind: 'single', tls: false },
  rediss: { kind: 'single', tls: true },
  'redis+sentinel': { kind: 'sentinel', tls: false },
  'rediss+sentinel': { kind: 'sentinel', tls: true },
  'redis+cluster': { kind: 'cluster', tls: false },
  'rediss+cluster': { kind: 'cluster', tls: true },
  unix: { kind: 'socket', tls: false },
  'redis+unix': { kind: 'socket', tls: false },
} as const satisfies Readonly<Record<string, { kind: RedisAddress['kind']; tls: boolean }>>;

/** Not `URL`: it takes one host, and reads a path in the password without a word. */
const PARTS =
  /^(?:(?<userInfo>[^/?#]*)@)?(?<authority>[^/?#@]*)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?(?<fragment>#.*)?$/s;
const HOST = /^(?<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?<port>\d{1,5}))?$/i;

/**
 * Reads one of
 *
 * - `redis[s]://[[user]:password@]host[:port][/db]`
 * - `redis[s]+sentinel://[[user]:password@]sentinel[:port],…/name[/db]`
 * - `redis[s]+cluster://[[user]:password@]node[:port],…`
 * - `unix://[[user]:password@]/path[?db=1]`
 *
 * all but the last with `?family=0`, `4` or `6`. Other query parameters are refused: ioredis would merge them into its
 * options, and a URL that can switch off certificate checks is not a URL an operator can read.
 *
 * @throws {RangeError} naming the part that is wrong; the message never holds the URL, for it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const [, scheme, rest] = /^([a-z+]+):\/\/(\S*)$/i.exec(url) ?? [];
  const known = SCHEMES[scheme?.toLowerCase() as keyof typeof SCHEMES];
  if (/\s/.test(url)) throw wrong('must have no spaces and no line ends');
  if (known === undefined || rest === undefined) {
    // The protocol itself is not echoed: a URL with a missing scheme parses with the user name as its scheme.
    throw wrong(
      /^[^\s/]+:/.test(url)
        ? 'must begin with redis://, rediss://, redis[s]+sentinel://, redis[s]+cluster:// or unix://'
        : 'must look like redis[s]://[user:password@]host[:port][/database]',
    );
  }
  const parts = splitParts(rest, known.kind);
  const login = readLogin(parts.userInfo);
  if (known.kind === 'socket') return readSocket(parts, login);
  const network = { ...login, ...readFamily(parts.query), tls: known.tls };
  switch (known.kind) {
    case 'single':
      return {
        kind: 'single',
        ...readHost(parts.authority, SERVER_PORT),
        db: readDatabase(parts.path.slice(1), 'the host'),
        ...network,
      };
    case 'sentinel':
      return {
        kind: 'sentinel',
        sentinels: readHosts(parts.authority, SENTINEL_PORT),
        ...readName(parts.path),
        ...network,
      };
    case 'cluster':
      if (parts.path.length > 1) throw wrong('must name no database: a cluster has one alone');
      return { kind: 'cluster', nodes: readHosts(parts.authority, SERVER_PORT), ...network };
    default:
      return known satisfies never;
  }
}

/** The URL as it may be printed: the password as `***`, nothing at all of a URL that cannot be read. */
export function maskRedisUrl(url: string): string {
  try {
    return formatAddress(parseRedisUrl(url));
  } catch {
    return '(unreadable Redis URL)';
  }
}

interface Parts {
  readonly userInfo: string;
  readonly authority: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

function wrong(rule: string): RangeError {
  return new RangeError(`The Redis URL ${rule}`);
}

const PERCENT_ENCODED =
  'must have a percent-encoded user name and password: / as %2F, # as %23, ? as %3F and % as %25';

function splitParts(rest: string, kind: RedisAddress['kind']): Parts {
  const { userInfo = '', authority = '', path = '', query = '', fragment } = PARTS.exec(rest)?.groups ?? {};
  // What ends the host's part stands in the password, so that its rest, and the host, come after it.
  if (kind !== 'socket' && `${path}${query}${fragment ?? ''}`.includes('@')) throw wrong(PERCENT_ENCODED);
  if (fragment !== undefined) throw wrong('must have no fragment');
  return { userInfo, authority, path, query: new URLSearchParams(query) };
}

function readLogin(userInfo: string): Login {
  const colon = userInfo.indexOf(':');
  const username = decodeUserInfo(colon === -1 ? userInfo : userInfo.slice(0, colon));
  const password = decodeUserInfo(colon === -1 ? '' : userInfo.slice(colon + 1));
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}

function decodeUserInfo(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw wrong(PERCENT_ENCODED);
  }
}

function readSocket({ authority, path, query }: Parts, login: Login): SocketRedis {
  if (authority !== '' || path.length < 2) {
    throw wrong('must name the socket by its whole path, as in unix:///run/redis/redis.sock');
  }
  const { db = '', ...others } = Object.fromEntries(query);
  if (Object.keys(others).length > 0) throw wrong('must have no query but ?db= for a socket');
  return { kind: 'socket', path: decodeUserInfo(path), db: readDatabase(db, 'db='), ...login };
}

function readFamily(query: URLSearchParams): { readonly family?: 0 | 4 | 6 } {
  const entries = [...query];
  if (entries.length === 0) return {};
  const [[name, value] = []] = entries;
  if (entries.length === 1 && name === 'family') {
    if (value === '0') return { family: 0 };
    if (value === '4') return { family: 4 };
    if (value === '6') return { family: 6 };
  }
  throw wrong('must have no query but ?family=0, ?family=4 or ?family=6');
}

function readHosts(authority: string, defaultPort: number): RedisHost[] {
  return authority.split(',').map((one) => readHost(one, defaultPort));
}

function readHost(text: string, defaultPort: number): RedisHost {
  const { host, port } = HOST.exec(text)?.groups ?? {};
  if (text === '' || text.startsWith(':')) throw wrong('must name a host');
  if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    throw wrong(
      'must name each host as a name or an address, an IPv6 address in [ ], with a port from 1 to 65535',
    );
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? defaultPort : Number(port) };
}

function readName(path: string): { readonly name: string; readonly db: number } {
  const [, name = '', db = '', ...more] = path.split('/');
  if (!/^[\w.-]+$/.test(name) || more.length > 0) {
    throw wrong('must name the primary as its sentinels know it, as in redis+sentinel://host:26379/mymaster');
  }
  return { name, db: readDatabase(db, 'the name of the primary') };
}

function readDatabase(text: string, after: string): number {
  if (!/^\d{0,5}$/.test(text)) throw wrong(`must have nothing but a database number after ${after}`);
  return Number(text);
}

function formatAddress(address: RedisAddress): string {
  const user = address.username === undefined ? '' : encodeURIComponent(address.username);
  const userInfo = address.password === undefined ? user : `${user}:***`;
  const at = userInfo === '' ? '' : `${userInfo}@`;
  if (address.kind === 'socket') {
    return `unix://${at}${address.path}${address.db === 0 ? '' : `?db=${address.db}`}`;
  }
  const scheme = address.tls ? 'rediss' : 'redis';
  const db = address.kind === 'cluster' || address.db === 0 ? '' : `/${address.db}`;
  switch (address.kind) {
    case 'single':
      return `${scheme}://${at}${formatHost(address)}${db}`;
    case 'sentinel':
      return `${scheme}+sentinel://${at}${address.sentinels.map(formatHost).join(',')}/${address.name}${db}`;
    case 'cluster':
      return `${scheme}+cluster://${at}${address.nodes.map(formatHost).join(',')}`;
    default:
      return address satisfies never;
  }
}

function formatHost({ host, port }: RedisHost): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
