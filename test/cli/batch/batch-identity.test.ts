import { describe, expect, test } from 'vitest';
import { openIdentity } from '../../../cli/batch/batch-identity.ts';
import { parseRow } from '../../../cli/batch/batch-row.ts';

function digestOf(row: Readonly<Record<string, string>>): string {
  const reading = parseRow(2, row);
  if (reading.status === 'bad') throw new Error(JSON.stringify(reading.faults));
  return openIdentity('a-batch', 'vq_key').digestRow(reading.row).toString('base64url');
}

const person = { idCard: '99731619770707001X', name: '测试甲', photo: 'a.png' };

/** A journal may be resumed by a later version: it must find that its rows are what they were. */
describe('the digest of a row stays what the first version wrote', () => {
  test('with every field', () => {
    const options = {
      reference: 'shop-42',
      extra: 'order 17',
      priority: 'interactive',
      callbackUrl: 'https://shop.example/events',
    };
    expect(digestOf({ ...person, ...options })).toBe('U7iV2tQN5ZQ');
  });

  test('with the required fields alone', () => {
    expect(digestOf(person)).toBe('zY7GB7pq52o');
  });
});
