import { expect, test } from 'vitest';
import { describeError } from '../../cli/describe-error.ts';
import { ApiError } from '../../client/veriqueue.ts';

const failed = { doing: 'list endpoints', verification: null, attempts: 1 };
const refusal = {
  ...{ status: 403, code: 'scope_missing', title: 'This API key may not do this', errors: [] },
  ...{ retryAfterMs: null, earliestAnswerBy: null },
};

test('a refusal is described with what the server says of the request', () => {
  const detail = 'The key vq_0a1b2c… has submit, read; this request needs manage.';
  expect(describeError(new ApiError(failed, { ...refusal, detail }))).toBe(
    `Cannot list endpoints: this API key may not do this (403 scope_missing). ${detail}`,
  );
  expect(describeError(new ApiError(failed, { ...refusal, detail: null }))).toBe(
    'Cannot list endpoints: this API key may not do this (403 scope_missing)',
  );
});
