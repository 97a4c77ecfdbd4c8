import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import {
  type VerificationEvent,
  verification,
  verificationEvent,
} from '../../shared/contract/verification.ts';

/** One request of the delivery worker whose signature was right. */
export interface Delivery {
  /** The `webhook-id` header: the same on every repetition of one event. */
  readonly webhookId: string;
  readonly event: VerificationEvent;
  /** How many deliveries of this event came, this one included. */
  readonly nth: number;
  /** ms epoch */
  readonly at: number;
  /** The body as it came, for searches in it. */
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a receiver says to a delivery: an HTTP status; a promise keeps the worker waiting for it. */
export type Answering = (delivery: Delivery) => number | Promise<number>;

/** An application's webhook endpoint on loopback, which verifies with the `standardwebhooks` library and remembers. */
export interface WebhookReceiver {
  readonly url: string;
  /** Every verified delivery, in order, whatever it was answered. */
  readonly deliveries: readonly Delivery[];
  /** The acknowledged events by verification id: what an application would have stored. */
  readonly accepted: ReadonlyMap<string, VerificationEvent>;
  /** Why requests were turned down: a wrong signature, or a body that is no event. Empty in a healthy run. */
  readonly rejections: readonly string[];
  /** Accepts this secret from now on, besides earlier ones. */
  trust(secret: string): void;
  /** Takes events that a version before the promised times made, too: their bytes never change. */
  acceptEarlier(): void;
  /** @default 204 to everything */
  answerWith(answering: Answering): void;
  /** The event of one verification, once it is acknowledged. */
  eventOf(verificationId: string, withinMs?: number): Promise<VerificationEvent>;
  /** Resolves once so many different verifications have their event acknowledged. */
  accept(count: number, withinMs?: number): Promise<void>;
  /** Refuses connections, as while the application restarts. */
  down(): Promise<void>;
  /** On the same port again. */
  up(): Promise<void>;
  close(): Promise<void>;
}

const WAIT_MS = 25_000;

const { completesBy, completesByExtended, answerBy } = verification.shape;
const earlierEvent = verificationEvent.extend({
  data: verification.extend({
    completesBy: completesBy.default(null),
    completesByExtended: completesByExtended.default(null),
    answerBy: answerBy.default(null),
  }),
});

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const book = new ReceiverBook();
  const open = async (port: number): Promise<Server> => {
    const server = createServer((request, response) => {
      book.receive(request).then(
        (status) => response.writeHead(status).end(),
        () => response.destroy(),
      );
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server: Server | null = await open(0);
  const { port } = server.address() as AddressInfo;
  const down = async () => {
    const closing = server;
    server = null;
    if (!closing) return;
    closing.close();
    closing.closeAllConnections();
    await once(closing, 'close');
  };
  return {
    url: `http://127.0.0.1:${port}/events`,
    deliveries: book.deliveries,
    accepted: book.accepted,
    rejections: book.rejections,
    trust: (secret) => void book.secrets.push(secret),
    acceptEarlier: () => {
      book.event = earlierEvent;
    },
    answerWith: (answering) => {
      book.answering = answering;
    },
    eventOf: async (id, withinMs = WAIT_MS) => {
      await book.until(() => book.accepted.has(id), withinMs, `the event of ${id}`);
      return book.accepted.get(id) as VerificationEvent;
    },
    accept: (count, withinMs = WAIT_MS) =>
      book.until(() => book.accepted.size >= count, withinMs, `${count} events`),
    down,
    up: async () => {
      server ??= await open(port);
    },
    close: down,
  };
}

/** What the receiver remembers, and who waits for it. */
class ReceiverBook {
  readonly deliveries: Delivery[] = [];
  readonly accepted = new Map<string, VerificationEvent>();
  readonly rejections: string[] = [];
  readonly secrets: string[] = [];
  answering: Answering = () => 204;
  event: { parse(value: unknown): VerificationEvent } = verificationEvent;
  readonly #news = new EventEmitter().setMaxListeners(0);

  async receive(request: IncomingMessage): Promise<number> {
    const body = await buffer(request);
    const delivery = this.#verify(body, request);
    if (delivery === null) {
      this.#news.emit('news');
      return 401;
    }
    this.deliveries.push(delivery);
    const status = await this.answering(delivery);
    if (status >= 200 && status < 300) this.accepted.set(delivery.event.data.id, delivery.event);
    this.#news.emit('news');
    return status;
  }

  /** Rejects when a delivery was turned down meanwhile: the run is broken, and waiting on would hide why. */
  async until(condition: () => boolean, withinMs: number, what: string): Promise<void> {
    const deadline = AbortSignal.timeout(withinMs);
    while (!condition()) {
      if (this.rejections.length > 0) {
        throw new Error(`Cannot wait for ${what}: a delivery was turned down: ${this.rejections[0]}`);
      }
      await once(this.#news, 'news', { signal: deadline }).catch(() => {
        throw new Error(
          `Cannot wait for ${what}: must come within ${withinMs} ms, received ${this.accepted.size} events so far`,
        );
      });
    }
  }

  #verify(body: Buffer, { headers }: IncomingMessage): Delivery | null {
    const signed = {
      'webhook-id': String(headers['webhook-id']),
      'webhook-timestamp': String(headers['webhook-timestamp']),
      'webhook-signature': String(headers['webhook-signature']),
    };
    const webhookId = signed['webhook-id'];
    const text = body.toString('utf8');
    try {
      const event = this.event.parse(verifyWithAny(this.secrets, text, signed));
      const nth = this.deliveries.filter((before) => before.webhookId === webhookId).length + 1;
      return { webhookId, event, nth, at: Date.now(), body: text, headers };
    } catch (error) {
      this.rejections.push(String(error));
      return null;
    }
  }
}

function verifyWithAny(secrets: readonly string[], body: string, headers: Record<string, string>): unknown {
  const errors: unknown[] = [];
  for (const secret of secrets) {
    try {
      return new Webhook(secret).verify(body, headers);
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors[0] ?? new Error('Cannot verify: no secret is trusted');
}
