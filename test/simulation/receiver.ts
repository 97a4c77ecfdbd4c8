import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { ReceiverPost } from '../storm/logs.ts';
import { jobOfReference } from '../storm/person-of-job.ts';
import type { Order, ReceiverLie } from './plan.ts';

const eventBody = z.object({
  sequence: z.number().optional(),
  data: z.object({
    id: z.string(),
    reference: z.string().nullable(),
    attempts: z.array(z.object({ code: z.string() })),
    outcome: z.object({ code: z.string(), possiblyBilledAgain: z.boolean() }),
  }),
});

export interface NumberedPost extends ReceiverPost {
  readonly sequence: number | null;
  /** Whether it was acknowledged, and nothing kept the worker from knowing it. */
  readonly isSettled: boolean;
}

export interface ReceiverBook {
  readonly posts: NumberedPost[];
  readonly forgeries: string[];
  readonly acknowledged: Set<number>;
  /** Whether it answers nothing but 503. */
  down: boolean;
  /** By client: the path of a callback ends with which it is, and that of the first with nothing. */
  readonly secrets: string[];
}

const SLOW_MS = 2_500;

/** Stores events, and lies about it as the plan says. */
export function serveReceiver(orders: readonly Order[], port: number): ReceiverBook {
  const book: ReceiverBook = { posts: [], forgeries: [], acknowledged: new Set(), down: false, secrets: [] };
  const lies = new Map(orders.map(({ job, lies: planned }) => [job, [...planned]]));
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    response.sendDate = false;
    response.on('error', () => undefined);
    receive(request, response, { book, lies }).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  return book;
}

interface Desk {
  readonly book: ReceiverBook;
  readonly lies: ReadonlyMap<number, ReceiverLie[]>;
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  { book, lies }: Desk,
): Promise<void> {
  const { headers } = request;
  const at = Date.now();
  const body = await buffer(request);
  const text = body.toString('utf8');
  const webhookId = String(headers['webhook-id']);
  try {
    new Webhook(book.secrets[clientOf(request)] ?? '').verify(text, {
      'webhook-id': webhookId,
      'webhook-timestamp': String(headers['webhook-timestamp']),
      'webhook-signature': String(headers['webhook-signature']),
    });
  } catch (error) {
    book.forgeries.push(String(error));
    response.writeHead(401).end();
    return;
  }
  const { sequence, data } = eventBody.parse(JSON.parse(text));
  const { id, reference, outcome, attempts } = data;
  const job = jobOfReference(reference);
  const lie = book.down ? 'refuses' : job === null ? undefined : lies.get(job)?.shift();
  const answer = await respond(response, lie);
  book.posts.push({
    at,
    webhookId,
    bodyHash: createHash('sha256').update(body).digest('hex'),
    sequence: sequence ?? null,
    event: {
      job,
      verification: id,
      sequence: sequence ?? null,
      code: outcome.code,
      possiblyBilledAgain: outcome.possiblyBilledAgain,
      attempts: attempts.map(({ code }) => code),
    },
    answer,
    answeredAt: Date.now(),
    isSettled: answer === 'acknowledged' && (lie === undefined || lie === 'slow'),
  });
  if (answer === 'acknowledged' && job !== null) book.acknowledged.add(job);
}

const clientOf = ({ url = '' }: IncomingMessage): number => Number(/\d*$/.exec(url)?.[0]);

async function respond(
  response: ServerResponse,
  lie: ReceiverLie | undefined,
): Promise<ReceiverPost['answer']> {
  switch (lie) {
    case 'refuses':
      response.writeHead(503).end();
      return 'refused';
    case 'closes':
      response.destroy();
      return 'nothing';
    case 'stores_and_resets':
      response.socket?.resetAndDestroy();
      return 'acknowledged';
    case 'slow':
      await sleep(SLOW_MS);
      break;
    case 'half_answer':
      response.writeHead(500, { 'content-length': 100 });
      response.write('half', () => response.destroy());
      return 'refused';
    default:
  }
  response.writeHead(204).end();
  return 'acknowledged';
}
