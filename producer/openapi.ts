import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problem } from '../shared/contract/problem.ts';
import { PROBLEM_MEDIA_TYPE } from './problem.ts';

/** Of the interface, as in its paths; the program has its own. */
const INTERFACE_VERSION = '1.0';

type Status = '400' | '401' | '404' | '409' | '413' | '415' | '422' | '429' | '503';

const REASONS: Readonly<Record<Status, string>> = {
  400: 'the request cannot be read',
  401: 'no valid API key',
  404: 'unknown, or not yours',
  409: 'not in this state',
  413: 'the body is too large',
  415: 'neither JSON nor a multipart form',
  422: 'invalid fields, or an Idempotency-Key used otherwise',
  429: 'more than this client may submit, or send at a time; come back after `Retry-After` seconds',
  503: 'not now; come back after `Retry-After` seconds',
};

/** The problems a route may answer with, for its `response` schemas. */
export function problemResponses<const S extends Status>(...statuses: readonly S[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: REASONS[status], content: { [PROBLEM_MEDIA_TYPE]: { schema: problem } } },
    ]),
  );
}

/** OpenAPI 3.1 of the routes registered after this, from the schemas that the handlers parse with. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Veriqueue',
        version: INTERFACE_VERSION,
        description:
          'Submit a photo, a name and an ID number; the verdict comes to your callback as a signed event (Standard Webhooks), or is read here.',
      },
      components: {
        securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'vq_…' } },
      },
      security: [{ apiKey: [] }],
    },
    transform: (document) => {
      const { body, ...rest } = (document.schema ?? {}) as { body?: unknown };
      const transformed = jsonSchemaTransform({ ...document, schema: rest });
      const content = describeBody(body);
      return content ? { ...transformed, schema: { ...transformed.schema, body: { content } } } : transformed;
    },
    transformObject: (input) => tidy(jsonSchemaTransformObject(input) as Document) as ApiDocument,
  });
}

type ApiDocument = ReturnType<typeof jsonSchemaTransformObject>;

interface Document {
  components?: { schemas?: Record<string, unknown> };
  [part: string]: unknown;
}

const EVENT_REF = '#/components/schemas/VerificationEvent';

/**
 * Adds what no route shows, the event a client receives, and takes away the schemas that nothing points to: the plug-in makes
 * two of each, as it is read and as it is written.
 */
function tidy(document: Document): Document {
  const described: Document = {
    ...document,
    webhooks: {
      verificationEvent: {
        post: {
          summary:
            'The outcome, signed as Standard Webhooks 1.0.0 says; the same `webhook-id` on every retry',
          requestBody: { content: { 'application/json': { schema: { $ref: EVENT_REF } } } },
          responses: { '2XX': { description: 'received; anything else is tried again' } },
        },
      },
    },
  };
  const { schemas = {}, ...components } = described.components ?? {};
  const used = collectUsed(schemas, { ...described, components });
  return {
    ...described,
    components: {
      ...components,
      schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name))),
    },
  };
}

/** Names of the schemas that `part` points to, directly or through others. */
function collectUsed(schemas: Readonly<Record<string, unknown>>, part: unknown): ReadonlySet<string> {
  const used = new Set<string>();
  const follow = (value: unknown) => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      follow(schemas[name] ?? null);
    }
  };
  follow(part);
  return used;
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
