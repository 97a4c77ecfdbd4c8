import { expect, test } from 'vitest';
import { describeResult } from '../../console/activity-result.ts';
import { en } from '../../console/texts/en.ts';
import { zh } from '../../console/texts/zh.ts';

const inBoth = (action: string, result: string) =>
  [en, zh].map(({ activity }) => describeResult({ action, result }, activity));

test('the result of an action is said in the language of the page', () => {
  expect(inBoth('pause_lane', 'paused')).toEqual(['paused', '已暂停']);
  expect(inBoth('redeliver_dead_letters', 'redelivered 1')).toEqual([
    '1 event sent again',
    '已重新投递 1 条事件',
  ]);
  expect(inBoth('change_client', 'weight, callbackUrl')).toEqual(['weight, callback URL', '权重、回调地址']);
  expect(inBoth('change_client', 'nothing')).toEqual(['nothing was changed', '没有更改']);
  expect(inBoth('revoke_operator', 'last_full_key')[1]).toContain('最后一个');
});

test('a result that the catalogue lacks is shown as it is', () => {
  expect(inBoth('new_action', 'half_done')).toEqual(['half done', 'half done']);
  expect(inBoth('change_client', 'toString')).toEqual(['toString', 'toString']);
});
