import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { HEADER_BYTES, type HttpTimeouts } from '../http-limits.ts';
import { answerParserError } from './answer-parser-error.ts';
import type { SocketGuard } from './socket-guard.ts';

/**
 * The HTTP server below the framework: connections are counted, answered ones may finish sending, and nothing waits for a
 * client without an end.
 */
export function createHttpServer(
  handler: RequestListener,
  { timeouts, guard }: { readonly timeouts: HttpTimeouts; readonly guard: SocketGuard },
): Server {
  const server = createServer(
    {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      connectionsCheckingInterval: timeouts.checkMs,
      maxHeaderSize: HEADER_BYTES,
    },
    handler,
  );
  // On which nothing goes in or out: above all an answer that no client reads. Between requests keepAliveMs holds.
  server.setTimeout(timeouts.socketIdleMs);
  server.on('connection', (socket: Socket) => {
    if (guard.admit(socket)) delayClosing(socket, guard);
  });
  const begin = (request: IncomingMessage, response: ServerResponse) => guard.noteRequest(request, response);
  server.prependListener('request', begin);
  server.on('checkContinue', (request, response) => {
    begin(request, response);
    // Whether it is answered 100 Continue is decided where its body is going to be read.
    handler(request, response);
  });
  server.on('clientError', (error, socket) => answerParserError(error, socket as Socket, guard));
  return server;
}

/**
 * Node closes a connection that ends with its answer by `destroySoon`, as soon as the answer is written: also while the
 * request is still arriving. This is the one place where that can be put off.
 */
function delayClosing(socket: Socket, guard: SocketGuard): void {
  const destroySoon = socket.destroySoon.bind(socket);
  socket.destroySoon = () => guard.closeAfterRequest(socket, destroySoon);
}
