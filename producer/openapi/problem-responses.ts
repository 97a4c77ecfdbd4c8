import { problem, problemTable } from '../../shared/contract/problem.ts';
import { PROBLEM_MEDIA_TYPE } from '../problem.ts';
import { type OperationId, problemsOf } from './operations.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read',
  401: 'No valid API key',
  402: 'The budget of this client is reached; it begins again after `Retry-After` seconds',
  403: 'The API key may not do this, or not from this address',
  404: 'Unknown, or not yours',
  408: 'The request did not arrive in time',
  409: 'Not in this state',
  413: 'The body is too large',
  414: 'The address is too long',
  415: 'Neither JSON nor a multipart form',
  422: 'Invalid fields, or an Idempotency-Key used otherwise',
  429: 'More than this client may submit, keep, or send at a time; come back after `Retry-After` seconds',
  431: 'The headers are too large',
  500: 'Something went wrong on the side of the service',
  503: 'Not now; come back after `Retry-After` seconds',
};

/** The problems an operation may answer with, for the `response` schemas of its route. */
export function problemResponses(operationId: OperationId) {
  const statuses = new Set(problemsOf(operationId).map((code) => problemTable[code].status));
  return Object.fromEntries(
    [...statuses]
      .toSorted((a, b) => a - b)
      .map((status) => [
        status,
        {
          description: REASONS[status] ?? problemTable.internal.title,
          content: { [PROBLEM_MEDIA_TYPE]: { schema: problem } },
        },
      ]),
  );
}
