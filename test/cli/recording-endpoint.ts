import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

/** One request as it came, to be verified by the test. */
export interface RecordedRequest {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RecordingEndpoint {
  readonly url: string;
  /** The nth request, past or to come. */
  request(nth: number): Promise<RecordedRequest>;
  close(): Promise<void>;
}

/** Accepts everything and remembers it. */
export async function startRecordingEndpoint(): Promise<RecordingEndpoint> {
  const requests: RecordedRequest[] = [];
  const news = new EventEmitter();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push({ body, headers: request.headers as Record<string, string> });
      response.writeHead(204).end();
      news.emit('request');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    request: async (nth) => {
      for (;;) {
        const found = requests[nth - 1];
        if (found) return found;
        await once(news, 'request', { signal: AbortSignal.timeout(20_000) });
      }
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Whether the `standardwebhooks` library accepts the request with this secret alone. */
export function verifies(secret: string, { body, headers }: RecordedRequest): boolean {
  try {
    new Webhook(secret).verify(body, { ...headers });
    return true;
  } catch {
    return false;
  }
}
