import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from '../chain/stub-server.ts';

export interface UpstreamOrders {
  /** An answer takes so long, drawn evenly. */
  readonly latencyMs: { readonly min: number; readonly max: number };
  /** Part of the calls about people whose ID numbers begin so that are answered with a transient failure. */
  readonly transient: number;
  readonly transientPrefix: string;
}

/** When a request had arrived as a whole (ms epoch), and about whom. */
export type Arrival = readonly [idCard: string, atMs: number];

/*
 * An upstream, a process of its own, that writes down each arrival. It takes any photo and any signature; that is the sandbox's
 * business. Each message is answered with the arrivals since the one before.
 */
const orders: UpstreamOrders = JSON.parse(process.argv[2] ?? '');
let arrivals: Arrival[] = [];

const answerOf = (idCard: string): string => {
  const RequestId = 'a5e6cd5c-7d8d-4d0c-8f5e-0b7f9d2b6c11';
  if (idCard.startsWith(orders.transientPrefix) && Math.random() < orders.transient) {
    return JSON.stringify({
      Response: { Error: { Code: 'FailedOperation.UnKnown', Message: 'again' }, RequestId },
    });
  }
  return JSON.stringify({ Response: { Sim: 89.88, Result: 'Success', Description: 'Matched', RequestId } });
};

listen(
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const at = Date.now();
      const [, idCard = ''] = /"IdCard":"([\dX]+)"/.exec(Buffer.concat(chunks).toString('latin1')) ?? [];
      arrivals.push([idCard, at]);
      const answer = answerOf(idCard);
      const { min, max } = orders.latencyMs;
      void delay(min + Math.random() * (max - min)).then(() => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
      });
    });
  }),
);
process.on('message', () => {
  process.send?.(arrivals);
  arrivals = [];
});
