import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Problem, ProblemCode } from '../../shared/contract/problem.ts';
import { problemTable } from '../../shared/contract/problem.ts';
import { problemType } from '../../shared/contract/problem-type.ts';
import type { Verification } from '../../shared/contract/verification.ts';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What the server does to one request. */
export type Step = (response: ServerResponse, request: ReceivedRequest) => void;

/** A server that does one step per request, and the last one ever after. */
export interface ScriptedServer {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Resolves once so many requests have come. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startScriptedServer(...steps: readonly Step[]): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((incoming, response) => {
    buffer(incoming).then(
      (body) => {
        const { method = '', url = '', headers } = incoming;
        const request = { method, path: url, headers, body };
        requests.push(request);
        server.emit('received');
        const step = steps[Math.min(requests.length, steps.length) - 1];
        step?.(response, request);
      },
      // The client has gone.
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    received: async (count) => {
      while (requests.length < count) await once(server, 'received', { signal: AbortSignal.timeout(20_000) });
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export const answerJson =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Step =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

export const answerProblem = (
  code: ProblemCode,
  more: { readonly headers?: Readonly<Record<string, string>>; readonly errors?: Problem['errors'] } = {},
): Step => {
  const { headers, ...details } = more;
  const problem = { type: problemType(code), code, ...problemTable[code], ...details };
  return answerJson(problemTable[code].status, problem, {
    'content-type': 'application/problem+json',
    ...headers,
  });
};

export const answerText =
  (status: number, text: string): Step =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(text);
  };

/** The connection breaks, and it stays unknown what became of the request. */
export const drop: Step = (response) => void response.destroy();

/** Half of an answer, then the connection breaks. */
export const breakOff: Step = (response) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"id":', () => response.destroy());
};

/** No answer, ever. */
export const hang: Step = () => undefined;

export const verificationId = 'ver_01h00000000000000000000000';

export function makeVerification(overrides: Partial<Verification> = {}): Verification {
  return {
    id: verificationId,
    livemode: true,
    status: 'queued',
    reference: null,
    extra: null,
    priority: 'interactive',
    submittedAt: '2030-01-01T00:00:00.000Z',
    position: 1,
    estimatedCompletionAt: null,
    completesBy: null,
    completesByExtended: null,
    answerBy: null,
    nextAttemptAt: null,
    attempts: [],
    outcome: null,
    delivery: { status: 'pending', attempts: 0, nextAttemptAt: null },
    ...overrides,
  };
}
