/**
 * Opens the connections deliveries go over, and refuses those that would lead into this network, before the first packet.
 *
 * The check sits where the address is used: it classifies the very addresses the socket is about to connect to. A check of the
 * name beforehand can be passed and then undercut by a second, different DNS answer (rebinding).
 */
import { createHash } from 'node:crypto';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher, Pool } from 'undici';
import { type ClassifyAddress, classifyAddress, type ForbiddenReason } from './address-guard.ts';
import type { ClientCertificate } from './client-auth.ts';
import type { ResolveHost } from './resolve-host.ts';
import { TrackedClient } from './tracked-client.ts';

export const forbiddenAddressCode = 'VERIQUEUE_FORBIDDEN_ADDRESS';

type RefusalReason = ForbiddenReason | 'insecure_scheme';

class ForbiddenAddressError extends Error {
  readonly code = forbiddenAddressCode;

  constructor(reason: RefusalReason) {
    super(`The address of the callback is not public: ${reason}`);
    this.name = 'ForbiddenAddressError';
  }
}

export interface DeliveryDispatcherOptions {
  readonly resolve: ResolveHost;
  /** Lets http and private addresses through. For development only. */
  readonly allowInsecure: boolean;
  readonly connectTimeoutMs: number;
  /** No smaller than the most deliveries one process runs at once: requests are to wait at the endpoint's limiter, not here. */
  readonly connectionsPerOrigin: number;
  readonly classify?: ClassifyAddress;
  /** For the operator's log; the client sees `refused` and nothing else. */
  readonly onRefusal?: (hostname: string, reason: RefusalReason) => void;
  /** Certificate authorities in PEM form, instead of the system's. */
  readonly ca?: string;
}

/** Both ways to a receiver; each new connection is guarded. */
export interface DeliveryRoutes {
  /** Over connections that are kept, by `TrackedClient`s. */
  readonly keeping: Dispatcher;
  /** Over a connection that is opened for the one request and closed after it. */
  readonly fresh: Dispatcher;
}

export interface DeliveryDispatcher extends DeliveryRoutes {
  /** The same, over connections that show a certificate of the sender, which no others share. */
  withCertificate(certificate: ClientCertificate): DeliveryRoutes;
  /** Resolves when what is under way has ended. */
  close(): Promise<void>;
  /** Ends all connections at once. */
  destroy(): Promise<void>;
}

/** As many certificates have connections of their own; beyond, those of the one that was used longest ago are closed. */
const MOST_CERTIFICATES = 100;

/** The one dispatcher of a worker's deliveries. The caller closes it. */
export function createDeliveryDispatcher(options: DeliveryDispatcherOptions): DeliveryDispatcher {
  const plain = openRoutes(options, null);
  const byCertificate = new Map<string, DeliveryRoutes>();
  const all = () => [plain, ...byCertificate.values()].flatMap(({ keeping, fresh }) => [keeping, fresh]);
  return {
    ...plain,
    withCertificate: (certificate) => {
      const name = hashCertificate(certificate);
      const routes = byCertificate.get(name) ?? openRoutes(options, certificate);
      // The latest stands last.
      byCertificate.delete(name);
      byCertificate.set(name, routes);
      const [oldest] = byCertificate.keys();
      if (byCertificate.size > MOST_CERTIFICATES && oldest !== undefined) retire(byCertificate, oldest);
      return routes;
    },
    close: async () => {
      await Promise.all(all().map((agent) => agent.close()));
    },
    destroy: async () => {
      await Promise.all(all().map((agent) => agent.destroy()));
    },
  };
}

/** What is under way over its connections ends as it would have. */
function retire(byCertificate: Map<string, DeliveryRoutes>, name: string): void {
  const routes = byCertificate.get(name);
  byCertificate.delete(name);
  for (const agent of [routes?.keeping, routes?.fresh]) agent?.close().catch(() => undefined);
}

/** Two clients may have the same certificate with another chain: both texts say which it is. */
function hashCertificate({ certificate, key }: ClientCertificate): string {
  return createHash('sha256').update(certificate).update('\0').update(key).digest('hex');
}

function openRoutes(
  options: DeliveryDispatcherOptions,
  certificate: ClientCertificate | null,
): DeliveryRoutes {
  const shared: Agent.Options = {
    connect: createGuardedConnector(options, certificate),
    connections: options.connectionsPerOrigin,
    // The poster's deadline covers the whole exchange.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const keeping = new Agent({
    ...shared,
    pipelining: 1,
    // Below the 5 s after which Node's own HTTP server closes an idle connection: a POST into a closing one is lost.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 60_000,
    factory: (origin, pool) =>
      new Pool(origin, { ...pool, factory: (url, client) => new TrackedClient(url, client) }),
  });
  // undici's way to say that no connection is kept.
  return { keeping, fresh: new Agent({ ...shared, pipelining: 0 }) };
}

type ConnectorOptions = Omit<DeliveryDispatcherOptions, 'connectionsPerOrigin'>;

function createGuardedConnector(
  options: ConnectorOptions,
  certificate: ClientCertificate | null,
): buildConnector.connector {
  const classify: ClassifyAddress = options.allowInsecure
    ? () => ({ allowed: true })
    : (options.classify ?? classifyAddress);
  const refuse = (hostname: string, reason: RefusalReason) => {
    options.onRefusal?.(hostname, reason);
    return new ForbiddenAddressError(reason);
  };
  const connect = buildConnector({
    timeout: options.connectTimeoutMs,
    lookup: createGuardedLookup(options.resolve, classify, refuse),
    // Node gives each of several addresses 250 ms and would give up on receivers that are merely far away.
    autoSelectFamilyAttemptTimeout: 1_000,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(certificate === null ? {} : { cert: certificate.certificate, key: certificate.key }),
  });
  return (target, callback) => {
    const reason = findRefusal(target, classify, options.allowInsecure);
    if (reason === null) connect(target, callback);
    else process.nextTick(callback, refuse(target.hostname, reason), null);
  };
}

/** `net.connect` never calls `lookup` for a host that is an address already, so those are classified here. */
function findRefusal(
  { protocol, hostname }: buildConnector.Options,
  classify: ClassifyAddress,
  allowInsecure: boolean,
): RefusalReason | null {
  if (protocol !== 'https:' && !allowInsecure) return 'insecure_scheme';
  const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  if (isIP(literal) === 0) return null;
  const verdict = classify(literal);
  return verdict.allowed ? null : verdict.reason;
}

/** One forbidden address among the answers refuses them all: no honest public name points half inwards. */
function createGuardedLookup(
  resolve: ResolveHost,
  classify: ClassifyAddress,
  refuse: (hostname: string, reason: RefusalReason) => Error,
): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname).then(
      (addresses) => {
        for (const { address } of addresses) {
          const verdict = classify(address);
          if (!verdict.allowed) return callback(refuse(hostname, verdict.reason), '', 0);
        }
        const [first] = addresses;
        if (first === undefined) return callback(emptyAnswer(), '', 0);
        if (all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : emptyAnswer(), '', 0),
    );
  };
}

function emptyAnswer(): NodeJS.ErrnoException {
  return Object.assign(new Error('The host has no address'), { code: 'ENOTFOUND' });
}
