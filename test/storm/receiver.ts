import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { findFreePort } from './free-port.ts';
import type { ReceivedEvent, ReceiverPost } from './logs.ts';
import { jobOfReference } from './person-of-job.ts';

/** The application that events go to: it stores what it acknowledges, misbehaves when ordered to, and logs every POST. */
export interface Receiver {
  readonly url: string;
  readonly posts: readonly ReceiverPost[];
  /** Jobs whose event is acknowledged, with the time of the first acknowledgement. */
  readonly acknowledged: ReadonlyMap<number, number>;
  /** POSTs whose signature or body was wrong. */
  readonly forgeries: readonly string[];
  trust(secret: string): void;
  spoil(fault: string, count: number, forMs: number): void;
  down(): Promise<void>;
  /** Listens again, and spoils nothing more. */
  up(): Promise<void>;
  close(): Promise<void>;
}

const eventBody = z.object({
  sequence: z.number().optional(),
  data: z.object({
    id: z.string(),
    reference: z.string().nullable(),
    attempts: z.array(z.object({ code: z.string() })),
    outcome: z.object({ code: z.string(), possiblyBilledAgain: z.boolean() }),
  }),
});

const SLOW_MS = 1_500;

export async function startReceiver(): Promise<Receiver> {
  const book = new Book();
  const port = await findFreePort();
  let server: Server | null = await listen(book, port);
  const down = async () => {
    const closing = server;
    server = null;
    if (closing === null) return;
    const closed = once(closing, 'close');
    closing.close();
    closing.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}/events`,
    posts: book.posts,
    acknowledged: book.acknowledged,
    forgeries: book.forgeries,
    trust: (secret) => {
      book.secret = secret;
    },
    spoil: (fault, count, forMs) => {
      book.spoiling = { fault, count, untilMs: Date.now() + forMs };
    },
    down,
    up: async () => {
      book.spoiling = null;
      server ??= await listen(book, port);
    },
    close: down,
  };
}

async function listen(book: Book, port: number): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    // A sender that has gone away learns nothing more.
    response.on('error', () => undefined);
    book.serve(request, response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1', 1024);
  await once(server, 'listening');
  return server;
}

class Book {
  readonly posts: ReceiverPost[] = [];
  readonly acknowledged = new Map<number, number>();
  readonly forgeries: string[] = [];
  secret: string | null = null;
  spoiling: { fault: string; count: number; untilMs: number } | null = null;

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const at = Date.now();
    const event = this.#read(request, body);
    if (event === null) {
      response.writeHead(401).end();
      return;
    }
    const fault = this.#takeFault();
    if (fault === 'receiver_slow') await sleep(SLOW_MS);
    const answer = await respond(response, fault);
    const answeredAt = Date.now();
    if (answer === 'acknowledged' && event.job !== null && !this.acknowledged.has(event.job)) {
      this.acknowledged.set(event.job, answeredAt);
    }
    this.posts.push({
      at,
      webhookId: String(request.headers['webhook-id']),
      bodyHash: createHash('sha256').update(body).digest('hex'),
      event,
      answer,
      answeredAt,
    });
  }

  #takeFault(): string | null {
    const { spoiling } = this;
    if (spoiling === null || spoiling.count === 0 || Date.now() > spoiling.untilMs) return null;
    spoiling.count -= 1;
    return spoiling.fault;
  }

  #read({ headers }: IncomingMessage, body: Buffer): ReceivedEvent | null {
    try {
      const text = body.toString('utf8');
      if (this.secret !== null) {
        new Webhook(this.secret).verify(text, {
          'webhook-id': String(headers['webhook-id']),
          'webhook-timestamp': String(headers['webhook-timestamp']),
          'webhook-signature': String(headers['webhook-signature']),
        });
      }
      const { data, sequence = null } = eventBody.parse(JSON.parse(text));
      const { id, reference, outcome, attempts } = data;
      return {
        job: jobOfReference(reference),
        verification: id,
        sequence,
        code: outcome.code,
        possiblyBilledAgain: outcome.possiblyBilledAgain,
        attempts: attempts.map(({ code }) => code),
      };
    } catch (error) {
      this.forgeries.push(String(error));
      return null;
    }
  }
}

async function respond(response: ServerResponse, fault: string | null): Promise<ReceiverPost['answer']> {
  switch (fault) {
    case 'receiver_5xx':
      response.writeHead(500).end();
      return 'refused';
    case 'receiver_two_headers':
      response.setHeader('retry-after', ['1', '2']);
      response.writeHead(503).end();
      return 'refused';
    case 'receiver_closes':
      response.destroy();
      return 'nothing';
    case 'receiver_reset_after':
      // Stored, and the acknowledgement never leaves.
      response.socket?.resetAndDestroy();
      return 'acknowledged';
    default:
      response.writeHead(204).end();
      return 'acknowledged';
  }
}
