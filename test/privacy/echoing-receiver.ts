import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Place } from './leak-search.ts';

/** A webhook endpoint that keeps all it is sent and answers with it, head and body. */
export interface EchoingReceiver {
  readonly url: string;
  readonly requests: readonly Place[];
  /** The next so many requests are answered 500. */
  failNext(count: number): void;
  close(): Promise<void>;
}

export async function startEchoingReceiver(): Promise<EchoingReceiver> {
  const requests: Place[] = [];
  let failures = 0;
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const echo = Buffer.concat([Buffer.from(`${request.url} ${request.rawHeaders.join('\n')}\n`), body]);
    requests.push({ name: 'event', bytes: echo });
    failures -= 1;
    response.writeHead(failures >= 0 ? 500 : 200, { 'content-type': 'text/plain' }).end(echo);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    requests,
    failNext: (count) => {
      failures = count;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
