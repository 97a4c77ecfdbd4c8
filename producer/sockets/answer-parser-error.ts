import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ProblemCode, problemTable } from '../../shared/contract/problem.ts';
import { PROBLEM_MEDIA_TYPE, presentProblem } from '../problem.ts';
import { LINGER_LIMITS } from './linger.ts';
import type { SocketGuard } from './socket-guard.ts';

const PARSER_ERRORS: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** A client that was too slow is not waited for as long as one that is quick. */
const SLOW_LINGER = { ...LINGER_LIMITS, totalMs: 2_000 };

/** Errors of the HTTP parser itself: no request and no reply exist, only the socket. */
export function answerParserError(
  error: Error & { readonly code?: string },
  socket: Socket,
  { linger, isAnswering }: Pick<SocketGuard, 'linger' | 'isAnswering'>,
): void {
  // What cannot be parsed on a connection that has had its answer is dropped like the rest.
  if (linger.isLingering(socket) && error.code !== 'ERR_HTTP_REQUEST_TIMEOUT') return;
  if (error.code === 'ECONNRESET' || !socket.writable || linger.isLingering(socket) || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const code = PARSER_ERRORS[error.code ?? ''] ?? 'malformed_request';
  const body = JSON.stringify(presentProblem(code));
  const { status } = problemTable[code];
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  linger.untilClientCloses(socket, code === 'request_timeout' ? SLOW_LINGER : LINGER_LIMITS);
}
