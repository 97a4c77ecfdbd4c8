import { expect, it } from 'vitest';
import {
  describeProcessing,
  renderRecordOfProcessing,
} from '../../../shared/processing/record-of-processing.ts';
import { runCli } from '../../cli/run-cli.ts';

const settings = {
  ...{
    lane: 'main',
    retentionMs: 30 * 86_400_000,
    subjectTtlMs: 7 * 86_400_000,
    auditRetentionMs: 36 * 3_600_000,
  },
  ...{ hasObjectStore: false, sharesLogs: true },
};

it('a record of processing states places and times by the settings, the same rows in both languages', () => {
  const [en, zh] = (['en', 'zh'] as const).map((language) =>
    renderRecordOfProcessing(describeProcessing(settings, language, 0)),
  );
  expect(en).toContain(
    '| photo | Redis, sealed | until the answer, the cancellation or the erasure; 7 d at most',
  );
  expect(en).toContain('30 d after the event was delivered (RETENTION)');
  expect(en).toContain('36 h (AUDIT_RETENTION)');
  expect(zh).toContain('| 照片 | Redis，已封存 |');
  expect(zh?.match(/^\|/gm)).toHaveLength(en?.match(/^\|/gm)?.length ?? 0);
  const other = renderRecordOfProcessing(
    describeProcessing({ ...settings, hasObjectStore: true, sharesLogs: false }, 'en', 0),
  );
  expect(other).toContain('| photo | the object store, sealed');
  expect(other).not.toContain('LOG_SHARING');
});

it('veriqueue record-of-processing prints it from the environment, in Chinese if asked to', async () => {
  const environment = { RETENTION: '3d', AUDIT_RETENTION: '500d', LANE: 'records' };
  const { code, stdout } = await runCli(['record-of-processing', '--language', 'zh'], environment);
  expect([code, stdout]).toEqual([0, expect.stringContaining('事件送达后 3 天（RETENTION）')]);
  expect(stdout).toContain('500 天（AUDIT_RETENTION）');
});
