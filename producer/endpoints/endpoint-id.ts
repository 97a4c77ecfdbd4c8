import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ProblemError } from '../problem.ts';

/** What cannot be an id is that of no endpoint. */
const params = z.object({ id: z.string().regex(/^ep_[0-9a-z]{26}$/) });

/** The endpoint that a request's path names: `ep_…`. @throws {ProblemError} not_found */
export function endpointIdOf(request: FastifyRequest): string {
  const parsed = params.safeParse(request.params);
  if (parsed.success) return parsed.data.id;
  throw new ProblemError('not_found');
}
