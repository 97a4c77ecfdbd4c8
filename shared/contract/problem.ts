import { z } from 'zod';

/** Every problem this API answers with: one row per code. */
export const problemTable = {
  malformed_body: { status: 400, title: 'The request body cannot be read' },
  json_too_complex: { status: 400, title: 'The JSON body has too many levels or members' },
  request_aborted: { status: 400, title: 'The connection was closed before the request had arrived' },
  malformed_request: { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'A valid API key is required' },
  test_keys_off: { status: 401, title: 'This deployment takes no test keys' },
  key_expired: { status: 401, title: 'This API key has expired' },
  operator_key_required: { status: 401, title: 'The operator key is required' },
  budget_exhausted: { status: 402, title: 'This client has reached its budget of billed calls' },
  read_only: { status: 403, title: 'This operator key may only read' },
  scope_missing: { status: 403, title: 'This API key may not do this' },
  self_service_off: { status: 403, title: 'Only the operator may change this for your client' },
  address_not_allowed: { status: 403, title: 'This API key may not be used from this address' },
  foreign_origin: { status: 403, title: 'Only the page of the console may send this request' },
  not_found: { status: 404, title: 'No such resource' },
  method_not_allowed: { status: 405, title: 'This resource does not take this method' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  too_late: { status: 409, title: 'It is too late to cancel this verification' },
  being_processed: { status: 409, title: 'The verification is at the upstream or being delivered' },
  not_redeliverable: { status: 409, title: 'No event can be delivered again yet' },
  callback_not_allowed: {
    status: 409,
    title: 'The origin of the callback URL is no longer registered for this client',
  },
  last_key: {
    status: 409,
    title: 'A client keeps its last API key: add another first, or disable the client',
  },
  no_callback_url: { status: 409, title: 'This client has no callback URL' },
  last_manage_key: { status: 409, title: 'No other valid API key of yours has the scope manage' },
  too_many_api_keys: { status: 409, title: 'This client has as many API keys as it may have' },
  no_test_lane: { status: 409, title: 'This deployment has no lane for test keys' },
  too_many_endpoints: { status: 409, title: 'This client has as many endpoints as it may have' },
  operator_name_taken: { status: 409, title: 'Another operator has this name: revoke that key first' },
  too_many_operators: { status: 409, title: 'No more operators can be added: revoke a key first' },
  own_operator_key: { status: 409, title: 'The request is made with this very key' },
  last_operator_key: { status: 409, title: 'No other operator has a key that may change things' },
  uploads_not_offered: { status: 409, title: 'This deployment has no store to upload photos to' },
  subject_kept: { status: 409, title: 'Nothing of this verification has been deleted yet' },
  receipts_not_offered: { status: 409, title: 'This deployment signs no receipts' },
  cannot_meet_deadline: { status: 409, title: 'An answer by then cannot be promised' },
  unknown_sequence: { status: 409, title: 'No event has been given this number yet' },
  in_progress: { status: 409, title: 'A request with this Idempotency-Key is still being processed' },
  body_too_large: { status: 413, title: 'The request body is too large' },
  url_too_long: { status: 414, title: 'The request URL is too long' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  invalid_submission: { status: 422, title: 'The submission has invalid fields' },
  invalid_request: { status: 422, title: 'The request has invalid fields' },
  invalid_query: { status: 422, title: 'The query has invalid parameters' },
  idempotency_mismatch: { status: 422, title: 'This Idempotency-Key was used with another body' },
  invalid_idempotency_key: { status: 422, title: 'The Idempotency-Key is invalid' },
  client_backlog_full: { status: 429, title: 'This client has reached its limit of waiting verifications' },
  too_many_records: { status: 429, title: 'This client has reached its limit of stored verifications' },
  too_many_redeliveries: {
    status: 429,
    title: 'This client has reached its limit of redeliveries under way',
  },
  too_many_requests: { status: 429, title: 'Too many requests' },
  too_many_connections: { status: 429, title: 'This address has too many connections' },
  client_uploads_full: { status: 429, title: 'This client uploads too much at once' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  internal: { status: 500, title: 'The server has failed to answer this request' },
  backlog_full: { status: 503, title: 'The backlog is full' },
  uploads_full: { status: 503, title: 'The server receives too many uploads at once' },
  photo_store_unavailable: { status: 503, title: 'The service cannot keep photos now' },
  test_lane_unsafe: { status: 503, title: 'The test lane asks the real service' },
  test_not_sent: { status: 503, title: 'No worker has sent the test event in time' },
  unavailable: { status: 503, title: 'The service cannot take requests now' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof problemTable;

/** RFC 9457 problem details. `code` is stable; `errors` point into the request body (RFC 6901), values are never echoed. */
export const problem = z
  .strictObject({
    type: z.string().describe('the path of a page about this problem, such as /problems/too_late'),
    title: z.string().describe('the kind of problem, in a sentence'),
    status: z.number().int().describe('the HTTP status, again'),
    code: z.string().describe(`stable; one of ${Object.keys(problemTable).join(', ')}`),
    detail: z.string().optional().describe('what is wrong this time, in a sentence'),
    earliestAnswerBy: z.iso
      .datetime()
      .nullable()
      .optional()
      .describe('of cannot_meet_deadline: what could be promised now; null: nothing can'),
    errors: z.array(z.strictObject({ pointer: z.string(), code: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
/** What a problem may say beyond its code and fields. */
export type ProblemMembers = Pick<Problem, 'detail' | 'earliestAnswerBy'>;
export type Problem = z.infer<typeof problem>;
export type FieldError = NonNullable<Problem['errors']>[number];
