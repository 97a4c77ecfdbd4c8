import { describe, expect, it } from 'vitest';
import { parseRecord } from '../../shared/store/verifications/verification-record.ts';

const record = {
  id: 'ver_1',
  client: 'cli_1',
  status: 'queued',
  priority: 'interactive',
  submittedAt: '1767225600000',
};

/** docs/upgrading.md, "What is stored". */
describe('a record that another version wrote', () => {
  it('is read as if what this version does not know were not there', () => {
    expect(parseRecord({ ...record, invented: '1' })).toEqual(parseRecord(record));
    expect(parseRecord(record).status).toBe('found');
  });

  it('is reported as unreadable, by field, when the form of what this version knows has changed', () => {
    expect(parseRecord({ ...record, status: 'invented' })).toEqual({
      status: 'unreadable',
      fields: ['status'],
    });
  });
});
