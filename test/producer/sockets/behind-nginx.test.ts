import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findOutsideTool } from '../../support/outside-tool.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer-under-test.ts';

const nginxTool = findOutsideTool('nginx', ['-v'], 'apt-get install nginx-light');
const TIMES = 60;

let redis: TestRedis;
let producer: ProducerUnderTest;
let folder: string;
let url: string;
let nginx: ReturnType<typeof spawn>;

/** As one who reads the first page of a tutorial sets it up: HTTP/1.0 to us, one connection for each request. */
const configuration = (port: number, upstream: string, buffering: string) => `
daemon off; master_process off; pid ${folder}/pid; error_log /dev/null;
events { worker_connections 256; }
http {
  access_log off; client_max_body_size 20m; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server { listen 127.0.0.1:${port}; location / { proxy_pass ${upstream}; ${buffering} } }
}`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a server on a port has a port');
  return address.port;
}

describe.skipIf(!nginxTool.isPresent).each([
  ['proxy_request_buffering on', ''],
  ['proxy_request_buffering off', 'proxy_request_buffering off;'],
])('behind nginx with %s', (_name, buffering) => {
  beforeAll(async () => {
    redis = await startTestRedis();
    producer = await startProducerUnderTest(redis.url);
    folder = await mkdtemp(join(tmpdir(), 'veriqueue-nginx-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    await writeFile(join(folder, 'nginx.conf'), configuration(port, producer.url, buffering));
    nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
    await vi.waitFor(async () => expect((await fetch(`${url}/livez`)).status).toBe(200), 20_000);
  }, 60_000);
  afterAll(async () => {
    nginx?.kill('SIGTERM');
    await producer?.close();
    await redis?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test.each([
    [401, (): string => 'Bearer wrong'],
    [413, (): string => `Bearer ${producer.client.apiKey}`],
  ] as const)('every %s arrives, and is no 502', async (status, authorization) => {
    const answers: number[] = [];
    for (let i = 0; i < TIMES; i += 1) {
      const answer = await fetch(`${url}/v1/verifications`, {
        method: 'POST',
        body: new Uint8Array(4_000_000),
        headers: { 'content-type': 'application/json', authorization: authorization() },
      });
      answers.push(answer.status);
      await answer.arrayBuffer();
    }
    expect(answers).toEqual(Array.from({ length: TIMES }, () => status));
  });
});
