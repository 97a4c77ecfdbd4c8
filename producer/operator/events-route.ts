import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError, retryAfter } from '../problem.ts';
import { securityHeaders } from '../security-headers.ts';
import type { Live, LiveMessage } from './live.ts';

/** A viewer that takes nothing for so long is gone. */
const STALLED_MS = 30_000;
/** The browser's wait before it connects again. */
const RETRY_MS = 1_000;

export interface EventsRouteDeps {
  readonly live: Live;
  /** Calls `end` when the session of the request is over. */
  readonly follow: (request: FastifyRequest, end: () => void) => () => void;
  readonly ends: AbortSignal;
}

/**
 * `GET /console/events`: server-sent events (HTML, section 9.2), until the viewer leaves, its session is over, or `ends` says so: a connection
 * that never ends would hold up the shutdown.
 *
 * Every message is the whole state, so a viewer that does not keep up needs no queue: while its connection is full it gets
 * nothing, and then the latest. What waits for it is one message and what the kernel holds.
 */
export function addEventsRoute(app: FastifyInstance, { live, follow, ends }: EventsRouteDeps): void {
  app.get('/console/events', async (request, reply) => {
    const { raw } = reply;
    let missed: LiveMessage | null = null;
    let stalled: NodeJS.Timeout | undefined;
    const send = (message: LiveMessage) => {
      if (raw.writableNeedDrain) {
        missed = message;
        stalled ??= setTimeout(() => raw.destroy(), STALLED_MS).unref();
        return;
      }
      raw.write(`event: ${message.name}\ndata: ${message.data}\n\n`);
    };
    // The head goes first, but only when there is room: a refusal is an ordinary answer.
    const early: LiveMessage[] = [];
    let begun = false;
    const end = live.watch((message) => (begun ? send(message) : early.push(message)));
    if (end === null) throw new ProblemError('unavailable', { headers: retryAfter(5) });
    reply.hijack();
    raw.writeHead(200, {
      ...securityHeaders('/console/events'),
      'content-type': 'text/event-stream',
      // Proxies that gather answers before they pass them on.
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    raw.write(`retry: ${RETRY_MS}\n\n`);
    begun = true;
    for (const message of early) send(message);
    raw.on('drain', () => {
      clearTimeout(stalled);
      stalled = undefined;
      const latest = missed;
      missed = null;
      if (latest) send(latest);
    });
    const stop = () => (raw.writableNeedDrain ? raw.destroy() : raw.end());
    ends.addEventListener('abort', stop, { once: true });
    const forget = follow(request, stop);
    request.raw.socket.setNoDelay(true);
    raw.once('close', () => {
      clearTimeout(stalled);
      ends.removeEventListener('abort', stop);
      forget();
      end();
    });
  });
}
