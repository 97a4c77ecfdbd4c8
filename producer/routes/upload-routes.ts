import type { FastifyInstance } from 'fastify';
import { photoUpload, uploadRequest } from '../../shared/contract/upload.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { SubjectStore } from '../../shared/store/subjects/subject-store.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { requireAllowed, type SubmissionRate, takeSubmission } from '../rate-limit.ts';
import { clientOf } from '../request-state.ts';

export interface UploadRouteDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly subjects: Pick<SubjectStore, 'uploads'>;
  readonly rate: SubmissionRate;
}

/** Where a client may send a photo to, past this program. Such an address counts as a submission of its client's rate. */
export function addUploadRoutes(
  app: FastifyInstance,
  { redis, keys, subjects, rate }: UploadRouteDeps,
): void {
  app.route({
    method: 'POST',
    url: '/v1/photos',
    schema: {
      operationId: 'createUpload',
      tags: ['Verifications'],
      summary: 'Get an address to upload a photo to',
      description:
        'The photo goes to the object store of the deployment, from whatever has it, and is submitted by its photoId: once, by the same client, within 15 minutes.',
      body: { content: { 'application/json': { schema: uploadRequest } } },
      response: {
        201: photoUpload.describe('Upload the photo, then submit it'),
        ...problemResponses('createUpload'),
      },
    },
    handler: async (request, reply) => {
      const { id } = clientOf(request);
      const wanted = parseInput(uploadRequest, request.body, 'invalid_submission');
      if (subjects.uploads === null) throw new ProblemError('uploads_not_offered');
      if (rate.perSecond > 0) requireAllowed(await takeSubmission(redis, keys, id, rate));
      const { photoId, url, headers, expiresAt } = await subjects.uploads.create(id, wanted);
      reply.code(201);
      return { photoId, uploadUrl: url, headers, expiresAt: new Date(expiresAt).toISOString() };
    },
  });
}
