import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import { type EchoingReceiver, startEchoingReceiver } from './echoing-receiver.ts';

let chain: Chain;
let receiver: EchoingReceiver;

beforeAll(async () => {
  [chain, receiver] = await Promise.all([startChain(), startEchoingReceiver()]);
});
afterAll(async () => {
  await chain?.stop();
  await receiver?.close();
});

/** As one does that finds the person in its own database, and shows it in an error page. */
test('an ID number that a receiver answers with is not kept', async () => {
  const { idCard } = makePerson();
  const { id } = await chain.submit(makePerson(), { callbackUrl: `${receiver.url}?shows=${idCard}` });
  await expect
    .poll(async () => (await chain.verification(id)).delivery.status, { timeout: 60_000 })
    .toBe('delivered');
  const log = await (await chain.call(`/v1/verifications/${id}/deliveries`)).text();
  expect(log).toContain('/events?shows=(withheld)');
  expect(log).not.toContain(idCard);
  // The event itself, with all its numbers, is kept as it was answered.
  expect(log).toContain(id);
});
