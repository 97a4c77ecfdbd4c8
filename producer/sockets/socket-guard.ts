import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { addressKey, createAddressTest } from './address-key.ts';
import { createLinger, type Linger } from './linger.ts';
import { createSocketLedger } from './socket-ledger.ts';

export interface SocketGuard {
  readonly linger: Linger;
  /** @returns false: it has been closed at once */
  admit(socket: Socket): boolean;
  noteRequest(request: IncomingMessage, response: ServerResponse): void;
  /** Its address has too many connections: its request is refused. */
  isRefused(socket: Socket): boolean;
  /** An answer has begun on it, and nothing else can be written any more. */
  isAnswering(socket: Socket): boolean;
  closeAfterRequest(socket: Socket, close: () => void): void;
  /** Closes what no client waits on, and hurries what lingers; new connections are closed at once. */
  drain(): void;
  counts(): { readonly busy: number; readonly idle: number };
}

export interface SocketGuardOptions {
  readonly maxSockets: number;
  /** 0: no limit. */
  readonly maxPerAddress: number;
  /** Addresses and CIDR ranges that stand for many clients. */
  readonly trustedProxies: readonly string[];
  /** A connection was not served, or closed for another. */
  readonly onTurnedAway: (reason: 'evicted' | 'refused' | 'dropped') => void;
  /** ms, from any beginning */
  readonly monotonic: () => number;
}

/** An idle connection is spared for so long; see {@link createSocketLedger}. */
const YOUNG_MS = 1_000;
/** At a shutdown, for clients that are still sending after their answer. */
const HURRIED_LINGER_MS = 1_000;

/** The connections of one listener: which are kept, and what goes on at each. */
export function createSocketGuard(options: SocketGuardOptions): SocketGuard {
  const { maxSockets, maxPerAddress, trustedProxies, onTurnedAway, monotonic } = options;
  const ledger = createSocketLedger<Socket>({
    total: maxSockets,
    perAddress: maxPerAddress,
    youngMs: YOUNG_MS,
  });
  const isTrusted = createAddressTest(trustedProxies);
  const linger = createLinger(monotonic);
  const refused = new WeakSet<Socket>();
  const latest = new WeakMap<
    Socket,
    { readonly request: IncomingMessage; readonly response: ServerResponse }
  >();
  let isDraining = false;

  const countedAs = ({ remoteAddress }: Socket): string | null =>
    remoteAddress === undefined || isTrusted(remoteAddress) ? null : addressKey(remoteAddress);
  const drop = (socket: Socket) => {
    socket.destroy();
    return false;
  };

  return {
    linger,
    admit: (socket) => {
      if (isDraining) return drop(socket);
      const { verdict, evict } = ledger.open(socket, countedAs(socket), monotonic());
      if (evict !== null) {
        onTurnedAway('evicted');
        evict.destroy();
      }
      if (verdict !== 'serve') onTurnedAway(verdict === 'refuse' ? 'refused' : 'dropped');
      if (verdict === 'drop') return drop(socket);
      if (verdict === 'refuse') refused.add(socket);
      socket.once('close', () => ledger.close(socket));
      return true;
    },
    noteRequest: (request, response) => {
      const { socket } = request;
      latest.set(socket, { request, response });
      ledger.noteBusy(socket);
      response.once('finish', () => {
        // The connection may be kept: then the rest of this request is dropped until the next one begins.
        if (!request.complete) linger.untilRequestEnds(socket, request, () => undefined);
      });
      response.once('close', () => {
        if (latest.get(socket)?.request === request) ledger.noteIdle(socket, monotonic());
      });
    },
    isRefused: (socket) => refused.has(socket),
    isAnswering: (socket) => {
      const response = latest.get(socket)?.response;
      return response?.headersSent === true && !response.writableFinished;
    },
    closeAfterRequest: (socket, close) => {
      const request = latest.get(socket)?.request;
      if (request === undefined || request.complete || !socket.readable) close();
      else linger.untilRequestEnds(socket, request, close);
    },
    drain: () => {
      isDraining = true;
      linger.hurry(HURRIED_LINGER_MS);
      for (const socket of ledger.idle()) if (!linger.isLingering(socket)) socket.destroy();
    },
    counts: ledger.counts,
  };
}
