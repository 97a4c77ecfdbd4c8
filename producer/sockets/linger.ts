/**
 * Keeps an answered connection open while its client is still sending (RFC 9112, section 9.6).
 *
 * A refusal often comes before the request has arrived: the key is wrong, the body is too large. A connection that is
 * closed then is reset by the system as soon as more bytes come in, and the reset overtakes the answer: many clients,
 * which send first and read afterwards, report a broken pipe, and a proxy reports 502. So what still comes in is read and
 * dropped, for a while and within a number of bytes.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface LingerLimits {
  /** Without a byte: the client has stopped sending, and has its answer. */
  readonly idleMs: number;
  readonly totalMs: number;
  readonly bytes: number;
}

export const LINGER_LIMITS: LingerLimits = { idleMs: 5_000, totalMs: 30_000, bytes: 64 * 1024 * 1024 };
/** How often it is looked at. */
const LOOK_MS = 250;

interface Progress {
  readonly sinceStartMs: number;
  readonly sinceLastByteMs: number;
  readonly droppedBytes: number;
}

export function isLingerOver(progress: Progress, limits: LingerLimits): boolean {
  return (
    progress.sinceStartMs >= limits.totalMs ||
    progress.sinceLastByteMs >= limits.idleMs ||
    progress.droppedBytes >= limits.bytes
  );
}

export interface Linger {
  /** Drops the rest of a request that has been answered. @param then called when its end has arrived within the limits */
  untilRequestEnds(socket: Socket, request: IncomingMessage, then: () => void): void;
  /** Drops whatever comes until the client closes: where nothing can be read as a request any more. */
  untilClientCloses(socket: Socket, limits?: LingerLimits): void;
  /** What comes in on it is of no interest any more. */
  isLingering(socket: Socket): boolean;
  /** Gives those that linger, and those that will, no more than this. */
  hurry(totalMs: number): void;
}

/** @param monotonic ms, from any beginning */
export function createLinger(monotonic: () => number, defaults: LingerLimits = LINGER_LIMITS): Linger {
  const lingering = new Map<Socket, () => void>();
  let hurriedMs = Number.POSITIVE_INFINITY;

  const begin = (socket: Socket, limits: LingerLimits) => {
    const startedAt = monotonic();
    const startBytes = socket.bytesRead;
    let hurriedAt = startedAt;
    let seen = { bytes: startBytes, at: startedAt };
    const look = setInterval(() => {
      const at = monotonic();
      if (socket.bytesRead !== seen.bytes) seen = { bytes: socket.bytesRead, at };
      const progress = {
        sinceStartMs: at - startedAt,
        sinceLastByteMs: at - seen.at,
        droppedBytes: seen.bytes - startBytes,
      };
      if (isLingerOver(progress, limits) || at - hurriedAt >= hurriedMs) socket.destroy();
    }, LOOK_MS);
    const end = () => {
      clearInterval(look);
      lingering.delete(socket);
      socket.off('close', end);
    };
    socket.once('close', end);
    lingering.set(socket, () => {
      hurriedAt = monotonic();
    });
    return end;
  };

  return {
    untilRequestEnds: (socket, request, then) => {
      if (socket.destroyed || lingering.has(socket)) return;
      const end = begin(socket, defaults);
      request.once('end', () => {
        end();
        then();
      });
      request.resume();
    },
    untilClientCloses: (socket, limits = defaults) => {
      if (!socket.destroyed && !lingering.has(socket)) begin(socket, limits);
    },
    isLingering: (socket) => lingering.has(socket),
    hurry: (totalMs) => {
      hurriedMs = totalMs;
      for (const note of lingering.values()) note();
    },
  };
}
