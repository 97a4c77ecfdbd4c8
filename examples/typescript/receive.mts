/** Receives events: WEBHOOK_SECRET=whsec_… node receive.mjs */
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { verifyWebhook, type WebhookEvent, WebhookVerificationError } from '@veriqueue/client';

// Several, separated by spaces, while one replaces another.
const secrets = (process.env['WEBHOOK_SECRET'] ?? '').split(' ');
/** In your service: a table with this primary key, written in one transaction with the result. */
const seen = new Set<unknown>();

const receiver = createServer(async (request, response) => {
  const body = await buffer(request); // exactly as received: not parsed and printed again
  try {
    const event = await verifyWebhook(body, request.headers, secrets);
    const id = request.headers['webhook-id'];
    if (!seen.has(id)) handle(event);
    seen.add(id);
    response.writeHead(204).end(); // also for a repetition, and for a type that you do not know
  } catch (error) {
    response.writeHead(error instanceof WebhookVerificationError ? 400 : 500).end();
  }
});

function handle(event: WebhookEvent): void {
  if (event.type !== 'verification.completed' && event.type !== 'verification.failed') return;
  // Believe a verdict only when data.livemode is true: the sandbox knows made-up people only.
  const { reference, outcome } = event.data;
  process.stdout.write(`${event.type} ${reference} ${outcome?.verdict}\n`);
}

receiver.listen(Number(process.env['PORT'] ?? 4000), '127.0.0.1');
