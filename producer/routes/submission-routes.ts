import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MAX_PHOTO_BYTES } from '../../shared/contract/photo-limits.ts';
import { submission, submissionForm } from '../../shared/contract/submission.ts';
import { verification } from '../../shared/contract/verification.ts';
import type { Tracing } from '../../shared/tracing/tracing.ts';
import { FORM_BODY_BYTES, JSON_BODY_BYTES } from '../http-limits.ts';
import type { ProducerMetrics } from '../metrics.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { retryAfter } from '../problem.ts';
import { apiKeyOf, clientOf } from '../request-state.ts';
import { parseIdempotencyKey } from '../submission/idempotency.ts';
import { presentSubmitted } from '../submission/present-submitted.ts';
import { readForm } from '../submission/read-form.ts';
import { type SubmitDeps, submitVerification } from '../submission/submit.ts';

const multipartForm = submissionForm
  .extend({
    image: z
      .string()
      .meta({ format: 'binary', description: `JPEG or PNG file, at most ${MAX_PHOTO_BYTES} bytes` }),
  })
  .meta({ id: 'SubmissionForm' });

const submissionHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe(
      '1 to 255 printable ASCII characters; the same key and content give the same verification for 24 hours from the first request, or for RETENTION where that is shorter',
    ),
});

interface SubmissionRouteDeps extends SubmitDeps {
  readonly tracing: Tracing;
}

export function addSubmissionRoutes(
  app: FastifyInstance,
  deps: SubmissionRouteDeps,
  metrics: ProducerMetrics,
): void {
  app.route({
    method: 'POST',
    url: '/v1/verifications',
    bodyLimit: JSON_BODY_BYTES,
    config: { formBytes: FORM_BODY_BYTES },
    schema: {
      operationId: 'submitVerification',
      tags: ['Verifications'],
      summary: 'Submit a verification',
      description:
        'Accepted means answered: after a 202 exactly one final event exists. A 503 without an Idempotency-Key may, rarely, have been accepted all the same; with one, a repeat finds out. A key without the scope `read` gets a repeat answered as at the first request: `queued`, without attempts and outcome.',
      headers: submissionHeaders,
      body: {
        content: {
          'application/json': { schema: submission },
          'multipart/form-data': { schema: multipartForm },
        },
      },
      response: {
        202: verification.describe('Accepted, or accepted before under the same Idempotency-Key'),
        ...problemResponses('submitVerification'),
      },
    },
    onResponse: (request, _reply, done) => {
      if (request.problemCode !== null) metrics.countSubmission(request.problemCode);
      done();
    },
    handler: async (request, reply) => {
      const idempotencyKey = parseIdempotencyKey(request.headers['idempotency-key']);
      const form = readForm(request.body);
      const submitted = await submitVerification(deps, clientOf(request), form, idempotencyKey);
      metrics.countSubmission(submitted.status);
      if (submitted.status === 'accepted') metrics.countAccepted(submitted.acceptance.priority);
      const id = submitted.status === 'accepted' ? submitted.acceptance.id : submitted.id;
      deps.tracing.note({ 'veriqueue.verification.id': id });
      const shown = await presentSubmitted(deps, submitted, {
        mayRead: apiKeyOf(request).scopes.includes('read'),
      });
      reply.code(202).header('location', `/v1/verifications/${shown.verification.id}`);
      reply.headers(retryAfter(shown.pollAfterSeconds));
      if (submitted.status === 'replayed') reply.header('idempotent-replayed', 'true');
      return shown.verification;
    },
  });
}
