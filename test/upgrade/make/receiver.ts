import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Receiver {
  /** `host:port` */
  readonly address: string;
  close(): Promise<void>;
}

/** Callbacks by their paths: `/ok` takes every event, `/fail` answers 500, `/hang` never answers. */
export async function startReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === '/hang') return;
    response.writeHead(request.url === '/fail' ? 500 : 204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
