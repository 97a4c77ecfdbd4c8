import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ProblemCode } from '../shared/contract/problem.ts';
import type { ApiKeyRecord } from '../shared/store/clients/api-key-record.ts';
import type { ClientIdentity } from '../shared/store/clients/client.ts';
import type { BodyHold } from './body/body-budget.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by authentication. */
    client: ClientIdentity | null;
    /** The key that it was authenticated by. */
    apiKey: ApiKeyRecord | null;
    /** Looks again whether its key allows it. */
    admitAgain: (() => Promise<void>) | null;
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
  app.decorateRequest('apiKey', null);
  app.decorateRequest('admitAgain', null);
  app.decorateRequest('problemCode', null);
  app.decorateRequest('bodyHold', null);
  app.decorateRequest('sendContinue', null);
}

/** The client of an authenticated request. A route that is reached without authentication is a bug, and shows nothing. */
export function clientOf(request: FastifyRequest): ClientIdentity {
  if (request.client === null) throw new Error('The client of the request is not authenticated');
  return request.client;
}

/** The key of an authenticated request. */
export function apiKeyOf(request: FastifyRequest): ApiKeyRecord {
  if (request.apiKey === null) throw new Error('The key of the request is not authenticated');
  return request.apiKey;
}

/**
 * For a request that has waited: its key may have been revoked or have expired, or its client been disabled, meanwhile.
 *
 * @throws {ProblemError} as authentication does
 */
export async function requireStillAdmitted(request: FastifyRequest): Promise<void> {
  if (request.admitAgain === null) throw new Error('The request is not authenticated');
  await request.admitAgain();
}
