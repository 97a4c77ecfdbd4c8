import type { ProblemCode } from './problem.ts';

/** About what a client manages by itself. */
export const ownProblemHelp = {
  self_service_off: {
    meaning:
      'The operator has turned off what clients may change of themselves, for your client. You can still look at everything.',
    action:
      'Ask the operator to make the change, or to turn self-service on (`veriqueue client set --self-service on`).',
  },
  no_callback_url: {
    meaning: 'A test event for the callback was asked for, and your client has no callback URL.',
    action: 'Set one with `PATCH /v1/callback`, or ask the operator for it.',
  },
  test_not_sent: {
    meaning:
      'No worker has sent the test event within 20 seconds: none runs, all are busy, or they are of an earlier version.',
    action:
      'Repeat the request after `Retry-After`. If that does not help, ask the operator to look at the workers.',
  },
  last_manage_key: {
    meaning:
      'It is the last key with the scope `manage` that is valid. After it, only the operator can make keys for you.',
    action: 'Make another key with `manage` first. If you mean it, repeat the request with `evenLast=true`.',
  },
  too_many_api_keys: {
    meaning:
      'A client may have `CLIENT_MAX_API_KEYS` keys before it can make no more by itself, or as many as its operator says.',
    action: 'Revoke a key that is not needed any more, or ask the operator for more.',
  },
  too_many_endpoints: {
    meaning: 'Beside its callback, a client may have `CLIENT_MAX_ENDPOINTS` endpoints.',
    action: 'Remove one, or ask the operator for more.',
  },
} satisfies Partial<Record<ProblemCode, Readonly<Record<'meaning' | 'action', string>>>>;
