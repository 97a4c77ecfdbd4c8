import { ownProblemHelp } from './own-problem-help.ts';
import type { ProblemCode } from './problem.ts';

/** What a developer reads about a problem, at `/problems/<code>` and in docs/errors.md. */
export interface ProblemHelp {
  /** Why the server answers so: one or two sentences. */
  readonly meaning: string;
  /** What to do about it. */
  readonly action: string;
}

const SAME_KEY = 'with the same `Idempotency-Key`';

/** One entry per code of `problemTable`. */
export const problemHelp: Readonly<Record<ProblemCode, ProblemHelp>> = {
  malformed_body: {
    meaning:
      'The body is not JSON and not a form, or is not what its headers announce. `errors` says what is wrong.',
    action: 'Correct the request. Do not repeat it as it is.',
  },
  json_too_complex: {
    meaning: 'The JSON body is nested too deeply or has too many members. No submission needs either.',
    action: 'Send only the fields of a submission.',
  },
  request_aborted: {
    meaning: 'The connection closed before the request had arrived.',
    action: `Send it again, ${SAME_KEY}.`,
  },
  malformed_request: {
    meaning: 'The request line or a header is not valid HTTP.',
    action: 'Use an HTTP client library, or correct the header.',
  },
  unauthorized: {
    meaning: 'The API key is missing, wrong or revoked, or its client is disabled.',
    action: 'Send `Authorization: Bearer vq_…`. Ask the operator for a new key if yours was revoked.',
  },
  test_keys_off: {
    meaning: 'The key begins with `vq_test_`, and this deployment has no lane for test keys (`TEST_LANE`).',
    action: 'Use a live key, or ask the operator for [test keys](api-keys.md#test-keys).',
  },
  key_expired: {
    meaning: 'The API key was valid until a time that is over. `detail` says when it ended.',
    action:
      'Ask the operator for another key. Add the next one before a key ends: several are valid at a time.',
  },
  operator_key_required: {
    meaning: 'The console does not know you: the session ended, or the operator key is wrong.',
    action: 'Sign in with your operator key. The first one is the `OPERATOR_KEY` of the producer.',
  },
  budget_exhausted: {
    meaning:
      'The calls that were billed for your client in this day or month (+08:00), and those that may still be billed for what waits, fill its budget.',
    action: `Repeat the request after \`Retry-After\`, when the next day or month begins, ${SAME_KEY}; earlier if some of what waits ends without a billed call. \`GET /v1/usage\` shows the budget. The operator sets it.`,
  },
  read_only: {
    meaning: 'The operator key that you signed in with may read and change nothing.',
    action: 'Sign in with an operator key that may change things, or ask an operator who has one.',
  },
  scope_missing: {
    meaning:
      'The API key lacks the scope that this request needs. `detail` names the scopes that the key has and the one that is missing. Keys made without scopes have `submit` and `read`.',
    action: 'Use a key that has the scope, or ask the operator for one. Scopes of a key never change.',
  },
  address_not_allowed: {
    meaning:
      'The API key works only from certain addresses, and the request comes from another. `detail` names the address that the server sees.',
    action:
      "Send it from an address on the key's list, or ask the operator for another key. Where `detail` names a proxy of yours, the operator puts it into `TRUSTED_PROXIES`.",
  },
  foreign_origin: {
    meaning: "The request changes something and does not come from the console's own page.",
    action:
      'Open the console under the address that the browser shows, without a proxy that changes `Origin` or `Host`.',
  },
  not_found: {
    meaning:
      'The path is unknown, or there is no such verification: it never existed, its retention is over, or it belongs to another client.',
    action: 'Check the path and the id. A submission that got no `202` has no id yet: send it again.',
  },
  method_not_allowed: {
    meaning: 'This path does not take this method. The `Allow` header lists what it takes.',
    action: 'Use one of the methods in `Allow`.',
  },
  request_timeout: {
    meaning: 'No byte of the body arrived for 15 seconds, or the body took longer than 60 seconds.',
    action: `Send it again, ${SAME_KEY}. Check the network, or send smaller photos.`,
  },
  too_late: {
    meaning: 'A worker has already begun to ask the upstream, or there is an outcome.',
    action: 'Leave it. To remove a final verification, use `DELETE …?erase=true`.',
  },
  being_processed: {
    meaning: 'A call of the upstream or a delivery is under way, and cannot be interrupted.',
    action: 'Repeat the request after `Retry-After`.',
  },
  not_redeliverable: {
    meaning: 'There is no event yet, or its delivery is still under way.',
    action: 'Wait for the event. Redeliver only what was delivered, is dead or is held.',
  },
  callback_not_allowed: {
    meaning: 'The origin of the callback URL is no longer registered for your client.',
    action:
      'Have the operator register the origin, then redeliver. `npx veriqueue client set <client> --origin <origin>` replaces all origins, so name the others as well.',
  },
  last_key: {
    meaning: 'A client keeps its last API key: without one it would look as if it had never existed.',
    action: 'Add another key first. To keep the client out, disable it.',
  },
  no_test_lane: {
    meaning: 'A test key was asked for, and the producer has no `TEST_LANE`.',
    action: 'Set up the [test lane](api-keys.md#test-keys), then make the key.',
  },
  operator_name_taken: {
    meaning:
      'An operator of this name has a key. A name stands for one key, so that Activity names one operator.',
    action: 'Choose another name, or revoke that key first.',
  },
  too_many_operators: {
    meaning: 'A hundred operators have keys, which is the limit.',
    action: 'Revoke a key that is not needed any more.',
  },
  own_operator_key: {
    meaning:
      'You are about to revoke the key that this request is made with. You would be signed out at once.',
    action: 'Have another operator revoke it. If you mean it, repeat the request with `evenOwn=true`.',
  },
  last_operator_key: {
    meaning:
      'It is the last named key that may change things. After it, only the `OPERATOR_KEY` of the producers can.',
    action: 'Add another operator first. If you mean it, repeat the request with `evenLast=true`.',
  },
  cannot_meet_deadline: {
    meaning: 'An answer by `answerBy` cannot be promised; nothing was accepted.',
    action:
      'Submit again with the time in `earliestAnswerBy` or a later one, or without `answerBy`. That is null while nothing can be promised, for example while the lane is held.',
  },
  unknown_sequence: {
    meaning:
      '`after` is higher than the number of any event of yours. Redis has lost its latest data or was restored from a backup, or the number is from another client or deployment.',
    action:
      'Read the events again from 0, or from a number that you trust, and recognize what you have by its `id`, which is the `webhook-id`.',
  },
  subject_kept: {
    meaning:
      'The verification waits for its answer, and its photo is kept for that long. There is no receipt of a deletion yet.',
    action: 'Ask again when the verification is final, or cancel or erase it.',
  },
  receipts_not_offered: {
    meaning: 'The deployment has no key to sign with (`SIGNING_KEYS`).',
    action: 'Ask the operator of the deployment to set one. What is deleted does not depend on it.',
  },
  uploads_not_offered: {
    meaning:
      'Photos that wait are kept in Redis here, which takes none from outside. Uploads need an object store (`PHOTO_STORE`).',
    action: 'Send the photo with its submission, as a form or in Base64, or give its `imageUrl`.',
  },
  in_progress: {
    meaning: 'Another request with this `Idempotency-Key` is being processed at this moment.',
    action:
      'Repeat the request after `Retry-After`. You then get the verification that the other request made.',
  },
  body_too_large: {
    meaning:
      'The body is larger than any valid submission. A photo may have 2,359,296 bytes, which are 3 MiB of Base64.',
    action: 'Send a smaller photo.',
  },
  url_too_long: {
    meaning: 'The URL is longer than any valid one.',
    action: 'Check the query parameters.',
  },
  unsupported_media_type: {
    meaning:
      'The content type is neither `application/json` nor `multipart/form-data`, or the body is compressed.',
    action: 'Send JSON or a form, without `Content-Encoding`.',
  },
  invalid_submission: {
    meaning:
      'One or more fields are wrong. `errors` names each one with a code; see [codes of bad fields](#codes-of-bad-fields). Nothing was asked and nothing is billed.',
    action: 'Correct the fields. For a person who typed them, show the messages.',
  },
  invalid_request: {
    meaning: 'Fields of the request are wrong. `errors` names each one.',
    action: 'Correct the fields.',
  },
  invalid_query: {
    meaning: 'A query parameter is wrong. `errors` names each one.',
    action: 'Correct the parameters. Take a `cursor` only from a previous answer.',
  },
  idempotency_mismatch: {
    meaning: 'This `Idempotency-Key` was used in the last 24 hours with other content.',
    action: 'Find out which of the two submissions is a mistake. Use a new key for a new submission.',
  },
  invalid_idempotency_key: {
    meaning:
      'The `Idempotency-Key` is empty, has more than 255 characters, or characters that are not visible ASCII.',
    action: 'Use a key such as your order number or a UUID.',
  },
  client_backlog_full: {
    meaning:
      'As many verifications of your client wait for an outcome as its cap or `CLIENT_MAX_WAITING` allows.',
    action: `Repeat the request after \`Retry-After\`, ${SAME_KEY}: a refused submission does not use up its key. Or cancel what you no longer need. The operator sets the limit.`,
  },
  too_many_records: {
    meaning: 'As many verifications of your client are stored as `CLIENT_MAX_RECORDS` allows.',
    action:
      'Erase verifications that you no longer need, wait until `RETENTION` ends for others, or ask the operator to raise the limit.',
  },
  too_many_redeliveries: {
    meaning: 'As many of your events are being delivered again as `CLIENT_MAX_REDELIVERIES` allows.',
    action: 'Repeat the request after `Retry-After`, when some of them have arrived.',
  },
  too_many_requests: {
    meaning:
      'You send faster than your client may: submissions (`CLIENT_RATE_PER_SECOND`), redeliveries (`CLIENT_REDELIVERIES_PER_MINUTE`), changes of what is your own (callback, endpoints, API keys), tests of a receiver, or sign-ins; or too many of your requests wait for an event.',
    action: `Repeat the request after \`Retry-After\`, ${SAME_KEY}.`,
  },
  too_many_connections: {
    meaning: 'Your address has more connections open than `MAX_SOCKETS_PER_ADDRESS`, and all are busy.',
    action:
      'Reuse connections. If a proxy stands for many clients, the operator names it in `TRUSTED_PROXIES`.',
  },
  client_uploads_full: {
    meaning:
      'The bodies that your client is sending exceed `CLIENT_UPLOADS_MIB`, or the server is fetching 8 photos for it by their `imageUrl`.',
    action: `Repeat the request after \`Retry-After\`, ${SAME_KEY}, with fewer uploads at a time.`,
  },
  headers_too_large: {
    meaning: 'The request headers are larger than 16 KiB.',
    action: 'Remove headers, such as cookies that a browser adds.',
  },
  internal: {
    meaning: 'A fault of the server. The operator finds it in the log as `request_failed`.',
    action: `Repeat the request, ${SAME_KEY}, and report it to the operator if that does not help.`,
  },
  backlog_full: {
    meaning:
      'As many verifications wait as `MAX_BACKLOG` allows: more arrive than the quota lets through, one client fills it, or the lane is held.',
    action: `Repeat the request after \`Retry-After\`, ${SAME_KEY}.`,
  },
  uploads_full: {
    meaning: 'The bodies that this process is receiving exceed `MAX_UPLOADS_MIB`.',
    action: `Repeat the request after \`Retry-After\`, ${SAME_KEY}.`,
  },
  photo_store_unavailable: {
    meaning:
      'The store of photos does not answer, or refuses. The submission was not accepted. Waiting verifications continue when the store is back.',
    action: `Repeat the request after \`Retry-After\`, ${SAME_KEY}.`,
  },
  test_lane_unsafe: {
    meaning:
      'A worker of the test lane asks the real service: a test would be answered about a real person, and billed. Nothing was accepted.',
    action: 'Ask the operator to give the workers of the [test lane](api-keys.md#test-keys) the sandbox.',
  },
  unavailable: {
    meaning:
      'Redis does not answer, is full, or takes no writes. A submission may have been accepted all the same.',
    action: `Repeat the request after \`Retry-After\`, ${SAME_KEY}.`,
  },
  ...ownProblemHelp,
};
