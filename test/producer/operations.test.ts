import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from './producer-under-test.ts';
import { makeIdCard, makeSubmission } from './submission-builder.ts';

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly webhooks: object;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

const get = (path: string) => fetch(`${producer.url}${path}`);

describe('the OpenAPI document', () => {
  const read = async () => (await (await get('/openapi.json')).json()) as OpenApi;

  test('is of version 3.1 and lists every call of the interface, and nothing else', async () => {
    const { openapi, paths } = await read();
    expect(openapi).toMatch(/^3\.1\./);
    const calls = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(calls.sort()).toEqual([
      'delete /v1/api-keys/{prefix}',
      'delete /v1/endpoints/{id}',
      'delete /v1/verifications/{id}',
      'get /.well-known/jwks.json',
      'get /v1/api-keys',
      'get /v1/callback',
      'get /v1/deliveries',
      'get /v1/endpoints',
      'get /v1/events',
      'get /v1/lane',
      'get /v1/outcomes',
      'get /v1/usage',
      'get /v1/verifications',
      'get /v1/verifications/{id}',
      'get /v1/verifications/{id}/deliveries',
      'get /v1/verifications/{id}/receipt',
      'patch /v1/callback',
      'patch /v1/endpoints/{id}',
      'post /v1/api-keys',
      'post /v1/callback/rotate-secret',
      'post /v1/callback/test',
      'post /v1/endpoints',
      'post /v1/endpoints/{id}/rotate-secret',
      'post /v1/endpoints/{id}/test',
      'post /v1/photos',
      'post /v1/redeliveries',
      'post /v1/verifications',
      'post /v1/verifications/{id}/redeliver',
    ]);
  });

  test('points to no schema it does not have, and has none that nothing points to', async () => {
    const document = await read();
    const refs = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/([^"]+)/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(refs)].sort()).toEqual(Object.keys(document.components.schemas).sort());
    expect(Object.keys(document.components.schemas)).toContain('VerificationEvent');
  });

  test('describes both forms of a submission, and names its limits', async () => {
    const { paths, components } = await read();
    expect(paths['/v1/verifications']?.['post']).toMatchObject({
      requestBody: {
        content: {
          'application/json': { schema: { $ref: '#/components/schemas/Submission' } },
          'multipart/form-data': { schema: { $ref: '#/components/schemas/SubmissionForm' } },
        },
      },
    });
    expect(components.schemas['Submission']).toMatchObject({
      required: ['idCard', 'name'],
      additionalProperties: false,
      properties: { reference: { maxLength: 128 }, priority: { default: 'interactive' } },
    });
  });
});

describe('the address alone', () => {
  test('leads a browser to the docs page, and says where it is', async () => {
    const answer = await fetch(`${producer.url}/`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/docs/']);
    expect(await answer.text()).toContain('/openapi.json');
    const followed = await get('/');
    expect(followed.headers.get('content-type')).toContain('text/html');
  });
});

describe('the docs page', () => {
  test('is complete without any other host', async () => {
    const page = await get('/docs/');
    const html = await page.text();
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
    const files = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect((await get(`/docs/${file}`)).status).toBe(200);
    expect((await get('/docs/json')).status).toBe(200);
  });

  test('shows its own name, and no other program’s', async () => {
    const html = await (await get('/docs/')).text();
    expect(html).toContain('<title>Veriqueue</title>');
    expect(await (await get('/docs/static/swagger-initializer.js')).text()).toContain(
      'data:image/svg+xml;base64',
    );
  });

  test('has no script inside it, as its policy demands', async () => {
    const html = await (await get('/docs/')).text();
    for (const [, script = ''] of html.matchAll(/<script[^>]*>([^<]*)<\/script>/g))
      expect(script.trim()).toBe('');
  });
});

describe('the metrics', () => {
  test('count requests by route and status, and submissions by what became of them', async () => {
    const other = await startProducerUnderTest(redis.url);
    try {
      const { id } = await other.submitted(makeSubmission(), { 'idempotency-key': 'm' });
      await other.submitted(makeSubmission(), { 'idempotency-key': 'm' });
      await other.submit(makeSubmission({ idCard: '1' }));
      await other.call(`/v1/verifications/${id}`);
      await other.call('/nope');
      const text = await (await fetch(`${other.url}/metrics`)).text();
      const lines = text.replaceAll(/,?lane="[a-z0-9-]+"/g, '').split('\n');
      for (const line of [
        'veriqueue_http_requests_total{method="POST",route="/v1/verifications",status="202"} 2',
        'veriqueue_http_requests_total{method="POST",route="/v1/verifications",status="422"} 1',
        'veriqueue_http_requests_total{method="GET",route="/v1/verifications/:id",status="200"} 1',
        'veriqueue_http_requests_total{method="GET",route="unmatched",status="404"} 1',
        'veriqueue_submissions_total{result="accepted"} 1',
        'veriqueue_submissions_total{result="replayed"} 1',
        'veriqueue_submissions_total{result="invalid_submission"} 1',
        'veriqueue_verifications_accepted_total{priority="interactive"} 1',
        'veriqueue_redis_up{} 1',
      ]) {
        expect(lines).toContain(line);
      }
      expect(lines.join('\n')).not.toContain(id);
      expect(lines.join('\n')).not.toContain(makeIdCard());
    } finally {
      await other.close();
    }
  });
});

describe('with a listener of their own', () => {
  test('the operators’ routes are there, and no longer beside the API', async () => {
    const own = await startProducerUnderTest(redis.url, { environment: { OPERATIONS_PORT: '0' } });
    try {
      expect(own.operationsUrl).not.toBe(own.url);
      for (const path of ['/', '/livez', '/readyz', '/metrics', '/openapi.json', '/docs/', '/docs/json']) {
        expect([path, (await fetch(`${own.operationsUrl}${path}`)).status]).toEqual([path, 200]);
        expect([path, (await fetch(`${own.url}${path}`)).status]).toEqual([path, 404]);
      }
      const document = (await (await fetch(`${own.operationsUrl}/openapi.json`)).json()) as OpenApi;
      expect(Object.keys(document.paths)).toContain('/v1/verifications');
      const api = await fetch(`${own.operationsUrl}/v1/lane`, {
        headers: { authorization: `Bearer ${own.client.apiKey}` },
      });
      expect(api.status).toBe(404);
    } finally {
      await own.close();
    }
  });
});
