import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { type VerificationEvent, verificationEvent } from '../../shared/contract/verification.ts';

export interface ReceivedEvent {
  readonly event: VerificationEvent;
  /** Every `webhook-id` it came with: one, however often it came. */
  readonly webhookIds: ReadonlySet<string>;
  /** Of the first delivery, milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** An application's side of the webhooks: verifies with the `standardwebhooks` library, keeps what it gets. */
export interface Receiver {
  readonly url: string;
  /** By verification id. */
  readonly events: ReadonlyMap<string, ReceivedEvent>;
  /** Why deliveries were turned down; empty when everything is as it should be. */
  readonly rejections: readonly string[];
  close(): Promise<void>;
}

export async function startReceiver(secret: string, onEvent: () => void): Promise<Receiver> {
  const events = new Map<string, ReceivedEvent>();
  const rejections: string[] = [];
  const webhook = new Webhook(secret);

  const receive = async (request: IncomingMessage): Promise<number> => {
    const body = await buffer(request);
    const headers = signatureHeaders(request);
    try {
      const event = verificationEvent.parse(webhook.verify(body, headers));
      const before = events.get(event.data.id);
      events.set(event.data.id, {
        event,
        webhookIds: new Set([...(before?.webhookIds ?? []), headers['webhook-id']]),
        receivedAt: before?.receivedAt ?? Date.now(),
      });
      return 204;
    } catch (error) {
      rejections.push(error instanceof Error ? error.message : String(error));
      return 401;
    } finally {
      onEvent();
    }
  };
  const server = createServer((request, response) => {
    receive(request).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/veriqueue-events`,
    events,
    rejections,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function signatureHeaders({ headers }: IncomingMessage) {
  return {
    'webhook-id': String(headers['webhook-id']),
    'webhook-timestamp': String(headers['webhook-timestamp']),
    'webhook-signature': String(headers['webhook-signature']),
  };
}
