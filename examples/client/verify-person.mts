/** Submits one photo, then prints the verdict as the webhook brings it: node verify-person.mjs PHOTO */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { InvalidRequestError, Veriqueue, verifyWebhook, WebhookVerificationError } from '@veriqueue/client';

const { VERIQUEUE_URL = 'http://127.0.0.1:3000', VERIQUEUE_API_KEY = '', WEBHOOK_SECRET = '' } = process.env;
const veriqueue = new Veriqueue({ url: VERIQUEUE_URL, apiKey: VERIQUEUE_API_KEY });

const receiver = createServer(async (request, response) => {
  const body = await buffer(request); // exactly as received: not parsed and printed again
  try {
    const event = await verifyWebhook(body, request.headers, WEBHOOK_SECRET);
    if (event.type === 'verification.completed' || event.type === 'verification.failed') {
      const { reference, outcome } = event.data;
      process.stdout.write(`${event.type} ${reference} ${outcome?.verdict}\n`);
      receiver.close();
    }
    response.writeHead(204).end(); // a type you do not know as well
  } catch (error) {
    response.writeHead(error instanceof WebhookVerificationError ? 400 : 500).end();
  }
}).listen(4000, '127.0.0.1');
await once(receiver, 'listening');

try {
  const { verification } = await veriqueue.submit({
    idCard: '990001199001010013',
    name: '测试甲子',
    photo: process.argv[2] ?? 'photo.jpg',
    reference: 'order-19',
    callbackUrl: 'http://127.0.0.1:4000/',
    idempotencyKey: 'order-19', // the same again if this program is run again, so each person is asked about once
  });
  process.stdout.write(`${verification.id} ${verification.status}\n`);
} catch (error) {
  receiver.close();
  if (!(error instanceof InvalidRequestError)) throw error;
  for (const { pointer, detail } of error.errors) process.stdout.write(`${pointer} ${detail}\n`);
}
