import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface Readiness {
  readonly ready: boolean;
  /** Shown as JSON; names of what is up and what is not, never a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * `/livez`, `/readyz` and `/metrics` of a process that serves nothing else.
 *
 * @param readiness asked at each `/readyz`; a rejection counts as not ready
 */
export async function startHealthServer(options: {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: () => Promise<Readiness>;
  /** What every other request is answered, on a port on which something else is about to listen. @default 404 or 405 */
  readonly elsewhere?: (response: ServerResponse) => void;
}): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://${options.host}:${port}`, close: () => close(server) };
}

const PATHS = new Set(['/livez', '/readyz', '/metrics']);

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, readiness, elsewhere }: Parameters<typeof startHealthServer>[0],
): Promise<void> {
  const path = request.url?.split('?')[0];
  if (elsewhere !== undefined && !PATHS.has(path ?? '')) {
    // A client that is still sending would see its connection break instead of the answer.
    request.resume();
    return elsewhere(response);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(response, 405, { status: 'method not allowed' });
  }
  switch (path) {
    case '/livez':
      return send(response, 200, { status: 'ok' });
    case '/readyz': {
      const { ready, detail } = await readiness().catch(() => ({ ready: false, detail: {} }));
      return send(response, ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable', ...detail });
    }
    case '/metrics': {
      const text = await registry.metrics();
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
      return;
    }
    default:
      return send(response, 404, { status: 'not found' });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
