import { expect, test } from 'vitest';
import { consoleRecordOfProcessing } from '../../shared/contract/record-of-processing.ts';
import { startChain } from '../support/chain.ts';

const OPERATOR_KEY = 'vqo_test-operator-key-of-32-characters';

test('a worker says with which settings it runs, and operators read the record that follows from them', async () => {
  const environment = { OPERATOR_KEY, RETENTION: '9d', SUBJECT_TTL: '5h', LOG_SHARING: 'false' };
  const chain = await startChain({ workers: 1, environment });
  try {
    const read = async () => {
      const answer = await fetch(`${chain.url}/console/api/record-of-processing`, {
        headers: { authorization: `Bearer ${OPERATOR_KEY}` },
      });
      return consoleRecordOfProcessing.parse(await answer.json());
    };
    await expect.poll(async () => (await read()).saidAt, { timeout: 60_000 }).not.toBeNull();
    const { record } = await read();
    const text = record?.rows.flat().join('\n');
    expect(text).toContain('9 d after the event was delivered (RETENTION)');
    expect(text).toContain('5 h at most (SUBJECT_TTL)');
    expect(text).not.toContain('LOG_SHARING');
    expect(record?.notes.join()).not.toContain('different values');
  } finally {
    await chain.stop();
  }
});
