import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface CuttingProxy {
  readonly url: string;
  /** Submissions that reached the server, accepted or not. */
  readonly submissions: number;
  /** When the server has accepted the `nth` submission from now on, `cut` is called and the answer withheld. */
  cutAfter(nth: number, cut: () => void): void;
  close(): Promise<void>;
}

/** Stands between a program and the producer, to end the program in the worst moment: accepted, and not yet answered. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  let submissions = 0;
  let left = Number.POSITIVE_INFINITY;
  let cut: () => void = () => undefined;
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const body = await buffer(request);
    const answer = await fetch(`${target}${url}`, {
      method,
      headers: Object.entries(headers)
        .filter(([name]) => !['host', 'connection', 'content-length', 'transfer-encoding'].includes(name))
        .map(([name, value]): [string, string] => [name, String(value)]),
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    const text = await answer.text();
    if (method === 'POST') {
      submissions += 1;
      if (answer.status === 202) left -= 1;
      if (left <= 0) {
        cut();
        cut = () => undefined;
        response.destroy();
        return;
      }
    }
    const passed = ['content-type', 'retry-after', 'idempotent-replayed'].flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    response.writeHead(answer.status, Object.fromEntries(passed)).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get submissions() {
      return submissions;
    },
    cutAfter: (nth, how) => {
      left = nth;
      cut = () => {
        left = Number.POSITIVE_INFINITY;
        how();
      };
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
