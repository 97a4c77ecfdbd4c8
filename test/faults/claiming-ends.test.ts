import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
});
afterAll(() => chain?.stop());

const failing = fileURLToPath(new URL('failing-claims.mjs', import.meta.url));

test('a worker that claims no more ends with 1, so that it is started again', async () => {
  const { id } = await chain.submit();
  const broken = await chain.addWorkerProcess({ NODE_OPTIONS: `--import ${failing}` });
  expect(await broken.ended).toMatch(/ended with code 1$/);
  await chain.addWorkerProcess();
  expect((await chain.receiver.eventOf(id)).data.outcome?.verdict).toBe('match');
});
