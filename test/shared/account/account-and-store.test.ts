import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountKeys } from '../../../shared/store/keys.ts';
import { runJson } from '../../cli/run-cli.ts';
import { type Chain, startChain } from '../../support/chain.ts';
import { makePerson } from '../../support/person.ts';
import { type AtomicStep, recordAtomicSteps } from '../../support/recorded-commands.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ environment: { PERSON_PER_MINUTE: '3' } });
});
afterAll(() => chain.stop());

const isAccountKey = (key: string) => {
  const { quota, upstream, workers, person } = chain.accountKeys;
  return [quota(), upstream(), workers()].includes(key) || key.startsWith(person(''));
};

const isStoreKey = (key: string) => key.startsWith(chain.keys.queuePrefix) && !isAccountKey(key);

describe('the keys of an account', () => {
  it('are touched by no script and no transaction that touches keys of the store', async () => {
    const recording = await recordAtomicSteps(chain.redis);
    const ids: string[] = [];
    const submit = async (code?: string) => {
      const person = makePerson();
      if (code !== undefined) chain.sandbox.script(person.idCard, [{ code }]);
      const { id } = await chain.submit(person);
      ids.push(id);
      return id;
    };
    for (const code of [undefined, 'FailedOperation.CompareLowSimilarity', 'InvalidParameterValue']) {
      await chain.receiver.eventOf(await submit(code));
    }
    const often = makePerson();
    for (let call = 0; call < 4; call += 1) ids.push((await chain.submit(often)).id);
    await chain.log.line(({ event }) => event === 'person_limit');
    await runJson(['lane', 'pause', '--reason', 'a test', '--yes'], chain.environment);
    ids.push((await chain.submit()).id);
    await runJson(['lane', 'show'], chain.environment);
    await runJson(['lane', 'resume', '--yes'], chain.environment);
    await chain.receiver.accept(7);
    for (const id of ids) await chain.call(`/v1/verifications/${id}?erase=true`, { method: 'DELETE' });

    const steps = await recording.stop();
    const touches = (step: AtomicStep, isOf: (key: string) => boolean) => step.words.some(isOf);
    expect(steps.filter((step) => touches(step, isAccountKey)).length).toBeGreaterThan(ids.length);
    expect(steps.filter((step) => touches(step, isStoreKey)).length).toBeGreaterThan(ids.length);
    expect(steps.filter((step) => touches(step, isAccountKey) && touches(step, isStoreKey))).toEqual([]);
  });

  it('of the first account are those of version 0.1, and of any other have a hash tag of their own', () => {
    expect(accountKeys('main').quota()).toBe('{vq:main}:quota');
    expect(accountKeys('main', 'second').quota()).toBe('{vq:main:second}:quota');
    expect(accountKeys('main', 'second').person('d')).toBe('{vq:main:second}:person:d');
  });
});
