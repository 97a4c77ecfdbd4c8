import { afterEach, describe, expect, test } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';

let chain: Chain;
afterEach(() => chain.stop());

describe('field encryption on the way to the upstream', () => {
  test.each([
    { algorithm: 'AES-256-CBC', keyOf: () => chain.sandbox.encryptionKeys().rsa.pem },
    { algorithm: 'SM4-GCM', keyOf: () => chain.sandbox.encryptionKeys().sm2.pem },
  ])(
    '$algorithm: the upstream decrypts the fields and answers as it would in clear',
    async ({ algorithm, keyOf }) => {
      chain = await startChain({ workers: 0 });
      await chain.addWorker({ FIELD_ENCRYPTION: algorithm, FIELD_ENCRYPTION_PUBLIC_KEY: keyOf() });
      const matching = makePerson();
      const unlike = makePerson();
      chain.sandbox.script(unlike.idCard, [{ code: 'FailedOperation.CompareLowSimilarity', sim: 26.04 }]);
      const [first, second] = [await chain.submit(matching), await chain.submit(unlike)];
      expect(await chain.receiver.eventOf(first.id)).toMatchObject({
        data: { outcome: { verdict: 'match' } },
      });
      expect(await chain.receiver.eventOf(second.id)).toMatchObject({
        data: { outcome: { verdict: 'no_match', sim: 26.04 } },
      });
    },
  );

  test('with another key than the upstream’s ends in a verdict that names the cause', async () => {
    chain = await startChain({ workers: 0 });
    const strangers = await startChain({ workers: 0 });
    const foreignKey = strangers.sandbox.encryptionKeys().rsa.pem;
    await strangers.stop();
    await chain.addWorker({ FIELD_ENCRYPTION: 'AES-256-CBC', FIELD_ENCRYPTION_PUBLIC_KEY: foreignKey });
    const { id } = await chain.submit();
    expect(await chain.receiver.eventOf(id)).toMatchObject({
      data: { outcome: { code: 'FailedOperation.DecryptSystemError' } },
    });
  });
});
