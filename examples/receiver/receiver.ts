/** The HTTP side: reads the raw body, verifies, stores, and only then answers. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { WebhookVerificationError } from 'standardwebhooks';
import type { Database } from './database.ts';
import { storeEvent } from './store-event.ts';
import { verifyEvent } from './verify-with-library.ts';

export interface ReceiverOptions {
  readonly database: Database;
  /** `whsec_…` */
  readonly secret: string;
  readonly onError: (error: unknown) => void;
}

/** Events are a few kB; more than this is not one. */
const maxBodyBytes = 64 * 1024;

export function createReceiver(options: ReceiverOptions): Server {
  return createServer((request, response) => {
    answer(options, request).then(
      (status) => response.writeHead(status).end(),
      (error: unknown) => {
        // The event is not stored, so it must not be acknowledged: it will be sent again.
        options.onError(error);
        response.writeHead(500).end();
      },
    );
  });
}

async function answer({ database, secret }: ReceiverOptions, request: IncomingMessage): Promise<number> {
  if (request.method !== 'POST') return 405;
  const body = await readBody(request);
  if (body === null) return 413;
  const headers = {
    'webhook-id': String(request.headers['webhook-id'] ?? ''),
    'webhook-timestamp': String(request.headers['webhook-timestamp'] ?? ''),
    'webhook-signature': String(request.headers['webhook-signature'] ?? ''),
  };
  const event = verify(body, headers, secret);
  if (event === null) return 401;
  await storeEvent(database, headers['webhook-id'], event);
  return 204;
}

function verify(body: Buffer, headers: Record<string, string>, secret: string): unknown {
  try {
    return verifyEvent(body, headers, secret) ?? null;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return null;
    throw error;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
