import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { apiKey, apiKeyPage, createdApiKey, newApiKey } from '../../shared/contract/api-key.ts';
import { callback, callbackChange, secretRotation } from '../../shared/contract/callback.ts';
import { deliveryLogPage } from '../../shared/contract/delivery-log.ts';
import {
  createdEndpoint,
  endpoint,
  endpointChange,
  endpointPage,
  newEndpoint,
  rotatedSecret,
} from '../../shared/contract/endpoint.ts';
import { keySet } from '../../shared/contract/key-set.ts';
import { laneOverview } from '../../shared/contract/lane.ts';
import {
  deliveryDead,
  subjectErased,
  usageThreshold,
  verificationNotice,
} from '../../shared/contract/notice.ts';
import { outcomesPage } from '../../shared/contract/outcomes.ts';
import { problem, problemTable } from '../../shared/contract/problem.ts';
import { receiverAuth, receiverAuthChange } from '../../shared/contract/receiver-auth.ts';
import { redeliveryProgress, redeliveryRange } from '../../shared/contract/redelivery-range.ts';
import { submission, submissionForm } from '../../shared/contract/submission.ts';
import { testDelivery } from '../../shared/contract/test-delivery.ts';
import { usageReport } from '../../shared/contract/usage.ts';
import {
  verification,
  verificationEvent,
  verificationPage,
  webhookTestEvent,
} from '../../shared/contract/verification.ts';
import { startProducerUnderTest } from '../producer/producer-under-test.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { readDocument } from './read-document.ts';

interface Media {
  readonly schema: { readonly $ref: string };
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
}

interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, Media>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Answer>>;
}

interface OpenApi {
  readonly info: { readonly license: object; readonly contact: object };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks: Readonly<Record<string, { readonly post: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let redis: TestRedis;
let document: OpenApi;
let operations: readonly Operation[];

beforeAll(async () => {
  redis = await startTestRedis();
  document = (await readDocument(redis.url)) as OpenApi;
  operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
});
afterAll(() => redis?.stop());

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  ApiKey: apiKey,
  ApiKeys: apiKeyPage,
  Callback: callback,
  CallbackChange: callbackChange,
  CreatedApiKey: createdApiKey,
  CreatedEndpoint: createdEndpoint,
  DeliveryDead: deliveryDead,
  DeliveryLog: deliveryLogPage,
  Endpoint: endpoint,
  EndpointChange: endpointChange,
  Endpoints: endpointPage,
  KeySet: keySet,
  Lane: laneOverview,
  NewApiKey: newApiKey,
  NewEndpoint: newEndpoint,
  Outcomes: outcomesPage,
  Problem: problem,
  ReceiverAuth: receiverAuth,
  ReceiverAuthChange: receiverAuthChange,
  RedeliveryProgress: redeliveryProgress,
  RedeliveryRange: redeliveryRange,
  TestDelivery: testDelivery,
  RotatedSecret: rotatedSecret,
  SecretRotation: secretRotation,
  SubjectErased: subjectErased,
  Submission: submission,
  Usage: usageReport,
  UsageThreshold: usageThreshold,
  Verification: verification,
  VerificationEvent: verificationEvent,
  VerificationNotice: verificationNotice,
  VerificationPage: verificationPage,
  WebhookTestEvent: webhookTestEvent,
};

/** An example that is not of its schema makes this throw. */
function parseExample(media: Media, example: unknown): unknown {
  const name = media.schema.$ref.replace('#/components/schemas/', '');
  return SCHEMAS[name]?.parse(example);
}

describe('the description of the interface', () => {
  test('names its operations, each with a tag that is explained', () => {
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual([
      'addApiKey',
      'addEndpoint',
      'changeCallback',
      'changeEndpoint',
      'createUpload',
      'deleteVerification',
      'getCallback',
      'getErasureReceipt',
      'getKeySet',
      'getLane',
      'getUsage',
      'getVerification',
      'listApiKeys',
      'listDeliveries',
      'listEndpoints',
      'listEventDeliveries',
      'listEvents',
      'listOutcomes',
      'listVerifications',
      'redeliverEvent',
      'redeliverRange',
      'removeEndpoint',
      'revokeApiKey',
      'rotateCallbackSecret',
      'rotateEndpointSecret',
      'submitVerification',
      'testCallback',
      'testEndpoint',
    ]);
    const explained = document.tags.map(({ name }) => name);
    for (const { tags, summary, description } of operations) {
      expect([tags.length, explained.includes(tags[0] ?? ''), summary, description]).toEqual([
        ...[1, true, expect.stringMatching(/\w/), expect.stringMatching(/\w/)],
      ]);
    }
  });

  test('says under which license and where', async () => {
    expect(document.info).toMatchObject({ license: { identifier: 'MIT' } });
    expect(document.servers.map(({ url }) => url)).toEqual(['/']);
    const apart = (await readDocument(redis.url, { OPERATIONS_PORT: '0' })) as OpenApi;
    expect(apart.servers.map(({ url }) => url)).toEqual(['http://{address}']);
  });

  test('has an example for every body, and each is one', () => {
    for (const { operationId, requestBody, responses } of operations) {
      const answers = Object.values(responses).flatMap(({ content = {} }) => Object.values(content));
      for (const media of answers) {
        const examples = media.examples
          ? Object.values(media.examples).map(({ value }) => value)
          : [media.example];
        expect([operationId, examples.length > 0 && examples.every((each) => each !== undefined)]).toEqual([
          ...[operationId, true],
        ]);
        for (const example of examples) parseExample(media, example);
      }
      const sent = requestBody?.content['application/json'];
      if (sent) parseExample(sent, sent.example);
      const form = requestBody?.content['multipart/form-data'];
      if (form) submissionForm.extend({ image: z.string() }).parse(form.example);
    }
  });

  test('shows a submission that is accepted as it stands', async () => {
    const [sent] = operations.flatMap(
      ({ requestBody }) => requestBody?.content['application/json']?.example ?? [],
    );
    const producer = await startProducerUnderTest(redis.url);
    try {
      expect((await producer.submit(sent)).status).toBe(202);
    } finally {
      await producer.close();
    }
  });

  test('has an example for every parameter', () => {
    const bare = operations.flatMap(({ parameters = [] }) =>
      parameters.filter(({ example }) => example === undefined),
    );
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  test('lists every problem that a client can be answered with, under its status', () => {
    const listed = operations.flatMap(({ responses }) =>
      Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.keys(content['application/problem+json']?.examples ?? {}).map((code) => `${status} ${code}`),
      ),
    );
    // These are answered beside the operations: to another method, and to operators.
    const beside = /operator|^foreign_origin|^method_not_allowed$|^read_only$|^no_test_lane$/;
    const expected = Object.entries(problemTable)
      .filter(([code]) => !beside.test(code))
      .map(([code, { status }]) => `${status} ${code}`);
    expect([...new Set(listed)].sort()).toEqual(expected.sort());
  });

  test('lists the headers of answers', () => {
    const headersOf = (operationId: string, status: string) =>
      Object.keys(
        operations.find((each) => each.operationId === operationId)?.responses[status]?.headers ?? {},
      );
    expect(headersOf('submitVerification', '202')).toEqual([
      'Location',
      'Retry-After',
      'Idempotent-Replayed',
    ]);
    expect(headersOf('submitVerification', '429')).toEqual(['Retry-After']);
    expect(headersOf('getVerification', '200')).toEqual(['Retry-After']);
    expect(headersOf('getLane', '401')).toEqual(['WWW-Authenticate']);
  });

  test('lets answers grow, and no tool make up times from a pattern', () => {
    const { Submission, SubmissionForm, ...others } = document.components.schemas;
    const names = new Set([
      'CallbackChange',
      'EndpointChange',
      'NewApiKey',
      'NewEndpoint',
      'ReceiverAuthChange',
      'RedeliveryRange',
      'SecretRotation',
      'UploadRequest',
    ]);
    const answers = Object.entries(others).filter(([name]) => !names.has(name));
    expect(JSON.stringify(answers)).not.toContain('additionalProperties');
    const sent = [...names].map((name) => others[name]);
    expect(sent).toMatchObject(sent.map(() => ({ additionalProperties: false })));
    expect([Submission, SubmissionForm]).toMatchObject([
      ...[{ additionalProperties: false }, { additionalProperties: false }],
    ]);
    const times = JSON.stringify(document).match(/\{[^{}]*"format":"date(-time)?"[^{}]*\}/g) ?? [];
    expect(times.length).toBeGreaterThan(10);
    expect(times.filter((schema) => schema.includes('"pattern"'))).toEqual([]);
  });

  test('gives every property of an answer a description and a value to look at', () => {
    const { Verification } = document.components.schemas;
    const { properties } = Verification as {
      properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const bare = Object.entries(properties).filter(([, schema]) => schema['description'] === undefined);
    expect(bare.map(([name]) => name)).toEqual([]);
    expect(properties['submittedAt']).toMatchObject({ examples: ['2030-01-31T08:00:00.000Z'] });
  });
});

describe('the description of the webhooks', () => {
  test('has every type of event, with its headers and an example', () => {
    expect(Object.keys(document.webhooks).sort()).toEqual([
      ...['delivery.dead', 'subject.erased', 'usage.threshold'],
      ...['verification.completed', 'verification.deferred', 'verification.failed', 'verification.retrying'],
      'webhook.test',
    ]);
    for (const [type, { post }] of Object.entries(document.webhooks)) {
      const media = post.requestBody?.content['application/json'];
      expect(media && parseExample(media, media.example)).toMatchObject({ type });
      expect(post.parameters?.map((header) => [header.in, header.name])).toEqual([
        ['header', 'webhook-id'],
        ['header', 'webhook-timestamp'],
        ['header', 'webhook-signature'],
      ]);
      expect(Object.keys(post.responses).sort()).toEqual(['2XX', '410', '4XX', '5XX']);
    }
  });
});
