import { describe, expect, test } from 'vitest';
import { resolveOutcome } from '../../../shared/outcomes/resolve-outcome.ts';
import type { Called } from '../../../worker/verification/call-upstream.ts';
import { withholdSubject } from '../../../worker/verification/withhold-subject.ts';

const idCard = '99731619770707001X';
const photo = 'QUJD'.repeat(30);

function describedBy(description: string, name: string, requestId = 'a-1'): unknown {
  const call: Called = {
    status: 'answered',
    code: 'InvalidParameterValue',
    row: resolveOutcome('InvalidParameterValue'),
    description,
    sim: null,
    extra: null,
    requestId,
    sentAt: 1,
    durationMs: 1,
    sent: true,
    repeat: null,
  };
  return withholdSubject(call, { idCard, name });
}

describe('of what the upstream says, the subject is withheld', () => {
  test.each([
    [`IdCard ${idCard} is wrong`, '测试甲', 'IdCard (withheld) is wrong'],
    [`${idCard.toLowerCase()}${idCard}`, '测试甲', '(withheld)(withheld)'],
    ['姓名测试甲与号码不符', '测试甲', '姓名(withheld)与号码不符'],
    ['Name: WEI XIAOBAO.', 'Wei Xiaobao', 'Name: (withheld).'],
    ['Limit exceeded for Li', 'Li', 'Limit exceeded for (withheld)'],
    ['what? (a+b)*', '(a+b)*', 'what? (withheld)'],
    [`ImageBase64 ${photo}= is not an image`, '测试甲', 'ImageBase64 (withheld) is not an image'],
    ['The photo shows no complete face', '测试甲', 'The photo shows no complete face'],
    ['FailedOperation.LifePhotoDetectNoFaces', '测试甲', 'FailedOperation.LifePhotoDetectNoFaces'],
  ])('%s', (description, name, shown) => {
    expect(describedBy(description, name)).toMatchObject({ description: shown, requestId: 'a-1' });
  });

  test('and a request id that holds it is left out', () => {
    expect(describedBy('x', '测试甲', `req-${idCard}`)).toMatchObject({ requestId: null });
  });

  test.each(Array.from({ length: 20 }, (_, nth) => 482 + nth))(
    'where the text is cut, too: an ID number at character %i leaves no digit',
    (at) => {
      const shown = describedBy(
        `${' x'.repeat(250).slice(0, at - 1)} ${idCard} is wrong`,
        '测试甲',
      ) as Called;
      const text = shown.status === 'answered' ? (shown.description ?? '') : '';
      expect(text).not.toMatch(/\d/);
      expect(text.length).toBeLessThanOrEqual(500);
    },
  );

  test('and the cut leaves no half of a character', () => {
    const before = 'x '.repeat(250).slice(0, 499);
    expect(describedBy(`${before}\u{1f600}`, '测试甲')).toMatchObject({ description: before });
  });

  test('of a call without an answer too', () => {
    const call: Called = {
      status: 'unanswered',
      code: 'Veriqueue.UnexpectedAnswer',
      row: resolveOutcome('Veriqueue.UnexpectedAnswer'),
      sent: true,
      sentAt: 1,
      durationMs: 1,
      requestId: idCard,
      cause: 'HTTP 200',
      repeat: null,
    };
    expect(withholdSubject(call, { idCard, name: '测试甲' })).toEqual({ ...call, requestId: null });
  });
});
