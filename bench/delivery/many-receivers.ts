import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ManyReceiversOrders, manyReceiversOrder } from './many-receivers-messages.ts';

/*
 * Receivers on as many origins (loopback ports), all in one process. Each reads its request and answers 204; the first
 * one reads and does not answer while its orders are to hang. Its address is the list of its origins, as JSON.
 */
const orders: ManyReceiversOrders = JSON.parse(process.argv[2] ?? '');
const state = { hangs: false, held: 0, mostHeld: 0, arrivals: [] as [string, number][] };

const servers = Array.from({ length: orders.count }, (_, i) =>
  createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      if (i === 0 && state.hangs) {
        state.held += 1;
        state.mostHeld = Math.max(state.mostHeld, state.held);
        response.once('close', () => {
          state.held -= 1;
        });
        return;
      }
      state.arrivals.push([
        String(request.headers['webhook-id']),
        performance.timeOrigin + performance.now(),
      ]);
      response.writeHead(204).end();
    });
  }),
);

process.on('message', (message) => {
  state.hangs = manyReceiversOrder.parse(message).hangs;
  process.send?.({ arrivals: state.arrivals, mostHeld: state.mostHeld });
  state.arrivals = [];
});
process.once('disconnect', () => process.exit(0));

const origins = await Promise.all(
  servers.map(
    (server) =>
      new Promise<string>((resolve) => {
        server.keepAliveTimeout = 60_000;
        server.listen(0, '127.0.0.1', 1024, () =>
          resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
        );
      }),
  ),
);
process.send?.({ ready: true, url: JSON.stringify(origins) });
