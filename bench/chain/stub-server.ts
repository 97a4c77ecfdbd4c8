import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens on a free port of loopback, reports it to the parent process, and ends with that. */
export function listen(server: Server): void {
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', 4096, () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ ready: true, url: `http://127.0.0.1:${port}` });
  });
  process.once('disconnect', () => process.exit(0));
}
