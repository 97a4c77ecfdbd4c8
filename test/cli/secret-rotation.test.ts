import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { type RecordingEndpoint, startRecordingEndpoint, verifies } from './recording-endpoint.ts';
import { runJson } from './run-cli.ts';
import { submitAs } from './submit-as.ts';

let chain: Chain;
let endpoint: RecordingEndpoint;
beforeAll(async () => {
  [chain, endpoint] = await Promise.all([startChain({ workers: 0 }), startRecordingEndpoint()]);
});
afterAll(async () => {
  await chain.stop();
  await endpoint.close();
});

it('signs with the old secret before, with both during, and with the new one alone after a rotation', async () => {
  const client = await chain.addClient({ callbackUrl: endpoint.url });
  const rotate = async (overlap: string) => {
    const args = ['client', 'rotate-secret', client.clientId, '--overlap', overlap];
    return (await runJson<{ webhookSecret: string }>(args, chain.environment)).webhookSecret;
  };
  /** A worker of its own for each event: none remembers the client from before. */
  const deliver = async (nth: number) => {
    const worker = await chain.addWorker();
    await submitAs(chain, client);
    const request = await endpoint.request(nth);
    await worker.stop();
    return request;
  };
  const first = client.webhookSecret;
  const before = await deliver(1);
  const second = await rotate('24h');
  const during = await deliver(2);
  const third = await rotate('0s');
  const after = await deliver(3);

  const verdicts = [before, during, after].map((request) =>
    [first, second, third].map((secret) => verifies(secret, request)),
  );
  expect(verdicts).toEqual([
    [true, false, false],
    [true, true, false],
    [false, false, true],
  ]);
});
