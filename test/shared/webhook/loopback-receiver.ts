/** A real HTTP or HTTPS server on loopback that counts what reaches it. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { onTestFinished } from 'vitest';
import { loopbackCertificate, loopbackKey } from './loopback-certificate.ts';

interface ReceivedRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

interface LoopbackReceiver {
  readonly port: number;
  readonly requests: readonly ReceivedRequest[];
  /** TCP connections accepted so far. */
  connections(): number;
}

type Answer = (response: ServerResponse, request: ReceivedRequest) => void;

/** Closed, connections included, when the test ends. */
export async function startReceiver(answer: Answer, scheme: 'http' | 'https' = 'http') {
  const requests: ReceivedRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const received = { method, url, headers, body: Buffer.concat(chunks) };
      requests.push(received);
      answer(response, received);
    });
  };
  const server =
    scheme === 'http'
      ? createServer(listener)
      : createTlsServer({ cert: loopbackCertificate, key: loopbackKey }, listener);
  const { port, connections } = await listen(server);
  onTestFinished(() => server.closeAllConnections());
  const receiver: LoopbackReceiver = { port, requests, connections };
  return receiver;
}

export async function listen(server: Server) {
  let count = 0;
  server.on('connection', () => {
    count += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => count };
}
