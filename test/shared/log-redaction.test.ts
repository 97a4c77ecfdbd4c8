import { expect, test } from 'vitest';
import { makeLog } from '../../shared/log.ts';

/** One line, as an operator's log gets it. */
function logLine(fields: object): Record<string, unknown> {
  const lines: string[] = [];
  const log = makeLog({ part: 'test', level: 'info' }, { write: (line) => void lines.push(line) });
  log.info(fields, 'something');
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '');
}

test.each([
  ['as a field', { idCard: '990001199001010013' }, { idCard: '(redacted)' }],
  ['one level down', { subject: { name: '测试甲', kept: 1 } }, { subject: { name: '(redacted)', kept: 1 } }],
  ['two levels down', { a: { b: { secret: 's' } } }, { a: { b: { secret: '(redacted)' } } }],
  ['in a list', { list: [{ apiKey: 'vq_1' }, 2] }, { list: [{ apiKey: '(redacted)' }, 2] }],
  ['in place of an object', { body: { photo: 'x' } }, { body: '(redacted)' }],
])('a sensitive value is not logged %s', (_, fields, shown) => {
  const before = structuredClone(fields);
  expect(logLine(fields)).toMatchObject(shown);
  expect(fields).toEqual(before);
});

test('a line without any is logged as it is', () => {
  const fields = { event: 'delivery', status: 204, detail: { worker: 'w', list: [1, null, 'x'] } };
  expect(logLine(fields)).toMatchObject(fields);
});

test('an error is logged by what is known to be harmless', () => {
  const err = Object.assign(new Error('READONLY'), { code: 'E1', command: { args: ['990001199001010013'] } });
  expect(logLine({ err })['err']).toEqual({
    type: 'Error',
    message: 'READONLY',
    code: 'E1',
    stack: expect.any(String),
  });
});
