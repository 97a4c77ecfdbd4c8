import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiKeyScope } from '../shared/contract/api-key-scope.ts';
import type { ProblemCode } from '../shared/contract/problem.ts';
import type { ClientIdentity } from '../shared/store/clients/client.ts';
import type { BodyHold } from './body/body-budget.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by authentication. */
    client: ClientIdentity | null;
    /** What its API key may do; nothing before authentication. */
    scopes: readonly ApiKeyScope[];
    /** The problem the request was answered with. */
    problemCode: ProblemCode | null;
    /** The memory of its body, until it is answered. */
    bodyHold: BodyHold | null;
    /** Lets a client go on that sent `Expect: 100-continue`, and does not wait for it any more. */
    sendContinue: (() => void) | null;
  }
}

/** Declares what hooks and handlers keep on a request. */
export function decorateRequests(app: FastifyInstance): void {
  app.decorateRequest('client', null);
  app.decorateRequest('scopes');
  app.decorateRequest('problemCode', null);
  app.decorateRequest('bodyHold', null);
  app.decorateRequest('sendContinue', null);
}

/** The client of an authenticated request. A route that is reached without authentication is a bug, and shows nothing. */
export function clientOf(request: FastifyRequest): ClientIdentity {
  if (request.client === null) throw new Error('The client of the request is not authenticated');
  return request.client;
}
