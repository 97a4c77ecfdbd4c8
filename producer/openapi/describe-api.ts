import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { completeOperations } from './complete-operations.ts';
import type { ApiDocument } from './document.ts';
import { tidySchemas } from './tidy-schemas.ts';
import { describeWebhooks } from './webhooks.ts';

/** Of the interface, as in its paths; the program has its own. */
const INTERFACE_VERSION = '1.0';

export interface ApiDescription {
  /** Whether the document is served by the listener that serves the API. */
  readonly isServedHere: boolean;
}

/** OpenAPI 3.1 of the routes registered after this, from the schemas that the handlers parse with. */
export async function describeApi(app: FastifyInstance, { isServedHere }: ApiDescription): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Veriqueue',
        version: INTERFACE_VERSION,
        description:
          'Submit a photo, a name and an ID number. The verdict comes to your callback as a signed event ([Standard Webhooks](https://www.standardwebhooks.com)), or is read here.',
        license: { name: 'MIT', identifier: 'MIT' },
        contact: { name: 'The operator of this service, who gives out API keys' },
      },
      servers: [isServedHere ? { url: '/', description: 'Where this document comes from' } : ELSEWHERE],
      tags: TAGS,
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: '`vq_…`: ask the operator for one' },
        },
      },
      security: [{ apiKey: [] }],
    },
    transform: (document) => {
      const { body, ...rest } = (document.schema ?? {}) as { body?: unknown };
      const transformed = jsonSchemaTransform({ ...document, schema: rest });
      const content = describeBody(body);
      return content ? { ...transformed, schema: { ...transformed.schema, body: { content } } } : transformed;
    },
    transformObject: (input) =>
      complete(jsonSchemaTransformObject(input) as ApiDocument) as ReturnType<
        typeof jsonSchemaTransformObject
      >,
  });
}

const ELSEWHERE = {
  url: 'http://{address}',
  description: 'The listener of the API',
  variables: { address: { default: '127.0.0.1:3000', description: 'Where the producer listens' } },
};

const TAGS = [
  { name: 'Verifications', description: 'Submit, follow, cancel and erase verifications' },
  { name: 'Events', description: 'What is sent to your callback, and how the deliveries went' },
  { name: 'Account', description: 'Your API keys, under a key that has the scope `manage`' },
  { name: 'Service', description: 'Backlog and quota, the codes of outcomes, and what was billed' },
];

/** Adds what no route's schema shows, and takes away what says nothing. */
function complete(document: ApiDocument): ApiDocument {
  return tidySchemas(completeOperations({ ...document, webhooks: describeWebhooks() }));
}

const bodyByType = z.object({ content: z.record(z.string(), z.object({ schema: z.instanceof(z.ZodType) })) });

/** The plug-in's own transform knows one schema per body; ours come by media type. */
function describeBody(body: unknown): Record<string, { schema: unknown }> | null {
  const parsed = bodyByType.safeParse(body);
  if (!parsed.success) return null;
  return Object.fromEntries(
    Object.entries(parsed.data.content).map(([type, { schema }]) => [
      type,
      { schema: { $ref: `#/components/schemas/${schema.meta()?.id}Input` } },
    ]),
  );
}
