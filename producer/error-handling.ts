import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemTable } from '../shared/contract/problem.ts';
import type { Logger } from '../shared/log.ts';
import { describeRedisError } from '../shared/store/redis/failure.ts';
import { classifyError } from './classify-error.ts';
import { URL_LENGTH } from './http-limits.ts';
import { PROBLEM_MEDIA_TYPE, ProblemError, presentProblem } from './problem.ts';

/** Every refusal and every failure of an app leaves through here, as one problem document. */
export function handleErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, log));
  app.setNotFoundHandler(() => {
    throw new ProblemError('not_found');
  });
  // Before anything is read: an unknown address must not answer 415 or 413 because of what was sent to it.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.url.length > URL_LENGTH) return done(new ProblemError('url_too_long'));
    if (request.is404) return done(new ProblemError('not_found'));
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') done();
    else done(new ProblemError('unsupported_media_type'));
  });
}

function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  const problem = classifyError(error);
  const { status } = problemTable[problem.code];
  if (status >= 500) logFailure(problem, request, log);
  // The framework closes the connection after an error of its parsers. It can be kept: what is still to come is dropped.
  if (reply.hasHeader('connection')) reply.removeHeader('connection');
  request.raw.resume();
  request.problemCode = problem.code;
  return (
    reply
      .code(status)
      .headers(problem.headers)
      .type(PROBLEM_MEDIA_TYPE)
      // As bytes: to text the framework would add a charset, which this media type does not have (RFC 9457, section 6.1).
      .send(Buffer.from(JSON.stringify(presentProblem(problem.code, problem.errors, problem.members))))
  );
}

function logFailure(problem: ProblemError, request: FastifyRequest, log: Logger): void {
  const { cause } = problem;
  const fields = { event: 'request_failed', method: request.method, route: request.routeOptions.url };
  if (problem.code === 'internal') {
    log.error({ ...fields, failure: describeBug(cause) }, 'a request failed');
  } else if (cause !== undefined) {
    log.warn({ ...fields, reason: describeRedisError(cause) }, 'a request was answered 503');
  }
}

/** Class and place, without the message: that of a parser quotes what it was given. */
function describeBug(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [error.name, ...frames.slice(0, 8).map((line) => line.trim())].join('\n');
}

/** Errors before there is a request: the URL cannot be decoded. */
export function makeFrameworkErrorHandler(log: Logger) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    sendProblem(error, request, reply, log);
  };
}
