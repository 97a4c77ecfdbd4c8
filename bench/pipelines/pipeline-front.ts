import { fastify } from 'fastify';
import { parseMultipart } from '../../producer/body/multipart.ts';
import { INTAKES, type PipelineKind } from './pipeline.ts';
import type { PipelineOptions, PipelineSubmission } from './pipeline-options.ts';

export interface PipelineFrontOrders extends PipelineOptions {
  readonly kind: PipelineKind;
}

interface JsonBody {
  readonly idCard: string;
  readonly name: string;
  readonly imageBase64: string;
}

const BODY_BYTES = 8 * 1024 * 1024;

/*
 * The smallest HTTP front of a pipeline: one Fastify route that believes what it gets. It takes the two bodies that
 * Veriqueue takes; the form's parser is Veriqueue's, because Fastify has none of its own and this one copies nothing.
 *
 * A process of its own. Its orders come as one JSON argument; it ends with its parent.
 */
const orders: PipelineFrontOrders = JSON.parse(process.argv[2] ?? '');
const submit = INTAKES[orders.kind](orders);
const app = fastify({ bodyLimit: BODY_BYTES });

app.addContentTypeParser<Buffer>('multipart/form-data', { parseAs: 'buffer' }, (request, body, done) => {
  const boundary = /boundary=([^;]+)/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
  const parsed = parseMultipart(body, boundary);
  if (!parsed.ok) return done(new Error(parsed.fault.detail));
  const parts = new Map(parsed.parts.map((part) => [part.name, part.bytes]));
  done(null, {
    idCard: String(parts.get('idCard')),
    name: String(parts.get('name')),
    photo: { bytes: parts.get('image') },
  });
});

app.post<{ Body: JsonBody | PipelineSubmission }>('/v1/verifications', async ({ body }, reply) => {
  const submission =
    'photo' in body ? body : { idCard: body.idCard, name: body.name, photo: { base64: body.imageBase64 } };
  reply.code(202);
  return { id: await submit(submission) };
});

const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true, url });
