import type { ApiKeyScope } from '../../shared/contract/api-key-scope.ts';
import type { ProblemCode } from '../../shared/contract/problem.ts';
import {
  createdEndpoint,
  endpointExample,
  endpoints,
  eventDeliveries,
  rotatedSecret,
} from './endpoint-examples.ts';
import {
  acceptedVerification,
  cancelledVerification,
  completedVerification,
  deliveryLog,
  feed,
  keySet,
  lane,
  outcomes,
  page,
  photoUploadExample,
  receipt,
  usage,
} from './examples.ts';
import {
  apiKeys,
  callbackExample,
  createdApiKeyExample,
  redeliveryProgressExample,
  testDeliveryExample,
} from './own-account-examples.ts';

/** What the routes' schemas cannot say of an operation. */
export interface OperationFacts {
  /** What a key needs for it; null: any key will do. */
  readonly scope: ApiKeyScope | null;
  /** Beside those that any request may be answered with. */
  readonly problems: readonly ProblemCode[];
  /** It asks for no API key. */
  readonly isPublic?: true;
  /** By status: what an answer looks like, and the headers that it may have. */
  readonly answers: Readonly<Record<string, AnswerFacts>>;
}

interface AnswerFacts {
  /** Left out where the answer has no body. */
  readonly example?: object;
  readonly headers?: readonly HeaderName[];
}

export type HeaderName = 'Location' | 'Retry-After' | 'Idempotent-Replayed' | 'WWW-Authenticate';

/** What any request may be answered with, whatever it asks for. */
export const COMMON_PROBLEMS = [
  'malformed_request',
  'unauthorized',
  'key_expired',
  'test_keys_off',
  'address_not_allowed',
  'request_timeout',
  'url_too_long',
  'too_many_connections',
  'headers_too_large',
  'internal',
  'unavailable',
] as const satisfies readonly ProblemCode[];

/** Those that an operation without a key is never answered with. */
const ABOUT_KEYS: readonly ProblemCode[] = [
  'unauthorized',
  'test_keys_off',
  'key_expired',
  'address_not_allowed',
];

/** Of what a client changes of itself. */
const OWN_CHANGE = ['self_service_off', 'too_many_requests', 'not_found'] as const;
const OWN_CHANGE_BODY = [
  ...(['malformed_body', 'json_too_complex', 'body_too_large', 'unsupported_media_type'] as const),
  ...(['request_aborted', 'invalid_request'] as const),
  ...OWN_CHANGE,
] as const;

/** By operationId. */
export const OPERATIONS = {
  submitVerification: {
    scope: 'submit',
    problems: [
      ...(['malformed_body', 'json_too_complex', 'request_aborted', 'in_progress'] as const),
      ...(['cannot_meet_deadline', 'body_too_large', 'unsupported_media_type'] as const),
      ...(['invalid_submission', 'idempotency_mismatch', 'invalid_idempotency_key'] as const),
      ...(['too_many_requests', 'too_many_records', 'client_backlog_full', 'client_uploads_full'] as const),
      ...([
        'budget_exhausted',
        'backlog_full',
        'uploads_full',
        'photo_store_unavailable',
        'test_lane_unsafe',
      ] as const),
    ],
    answers: {
      202: { example: acceptedVerification, headers: ['Location', 'Retry-After', 'Idempotent-Replayed'] },
    },
  },
  createUpload: {
    scope: 'submit',
    problems: [
      ...(['malformed_body', 'json_too_complex', 'body_too_large', 'unsupported_media_type'] as const),
      ...(['request_aborted', 'invalid_submission', 'uploads_not_offered', 'too_many_requests'] as const),
    ],
    answers: { 201: { example: photoUploadExample } },
  },
  listVerifications: { scope: 'read', problems: ['invalid_query'], answers: { 200: { example: page } } },
  getVerification: {
    scope: 'read',
    problems: ['not_found'],
    answers: { 200: { example: completedVerification, headers: ['Retry-After'] } },
  },
  deleteVerification: {
    scope: 'submit',
    problems: ['not_found', 'too_late', 'being_processed', 'invalid_query'],
    answers: { 200: { example: cancelledVerification }, 204: {} },
  },
  listDeliveries: { scope: 'read', problems: ['not_found'], answers: { 200: { example: deliveryLog } } },
  getErasureReceipt: {
    scope: 'read',
    problems: ['not_found', 'subject_kept', 'receipts_not_offered'],
    answers: { 200: { example: receipt } },
  },
  redeliverEvent: {
    // Its answer shows the outcome.
    scope: 'read',
    problems: [
      ...(['not_found', 'not_redeliverable', 'callback_not_allowed'] as const),
      ...(['too_many_requests', 'too_many_redeliveries'] as const),
    ],
    answers: { 202: { example: completedVerification } },
  },
  listEvents: {
    scope: 'read',
    problems: ['invalid_query', 'unknown_sequence', 'too_many_requests'],
    answers: { 200: { example: feed } },
  },
  listEventDeliveries: {
    scope: 'read',
    problems: ['invalid_query', 'not_found'],
    answers: { 200: { example: eventDeliveries } },
  },
  listEndpoints: { scope: 'manage', problems: [], answers: { 200: { example: endpoints } } },
  addEndpoint: {
    scope: 'manage',
    problems: [...OWN_CHANGE_BODY, 'too_many_endpoints', 'unknown_sequence'],
    answers: { 201: { example: createdEndpoint } },
  },
  changeEndpoint: {
    scope: 'manage',
    problems: [...OWN_CHANGE_BODY, 'unknown_sequence'],
    answers: { 200: { example: endpointExample } },
  },
  removeEndpoint: {
    scope: 'manage',
    problems: OWN_CHANGE,
    answers: { 204: {} },
  },
  rotateEndpointSecret: {
    scope: 'manage',
    problems: OWN_CHANGE_BODY,
    answers: { 200: { example: rotatedSecret } },
  },
  getCallback: { scope: 'manage', problems: ['not_found'], answers: { 200: { example: callbackExample } } },
  changeCallback: {
    scope: 'manage',
    problems: OWN_CHANGE_BODY,
    answers: { 200: { example: callbackExample } },
  },
  rotateCallbackSecret: {
    scope: 'manage',
    problems: OWN_CHANGE_BODY,
    answers: { 200: { example: rotatedSecret } },
  },
  testCallback: {
    scope: 'manage',
    problems: [...OWN_CHANGE, 'no_callback_url', 'test_not_sent'],
    answers: { 200: { example: testDeliveryExample } },
  },
  testEndpoint: {
    scope: 'manage',
    problems: [...OWN_CHANGE, 'test_not_sent'],
    answers: { 200: { example: testDeliveryExample } },
  },
  redeliverRange: {
    scope: 'manage',
    problems: [...OWN_CHANGE_BODY, 'invalid_query', 'too_many_redeliveries'],
    answers: { 200: { example: redeliveryProgressExample } },
  },
  listApiKeys: { scope: 'manage', problems: [], answers: { 200: { example: apiKeys } } },
  addApiKey: {
    scope: 'manage',
    problems: [...OWN_CHANGE_BODY, 'too_many_api_keys'],
    answers: { 201: { example: createdApiKeyExample } },
  },
  revokeApiKey: {
    scope: 'manage',
    problems: ['self_service_off', 'not_found', 'invalid_query', 'last_key', 'last_manage_key'],
    answers: { 204: {} },
  },
  getKeySet: { scope: null, problems: [], isPublic: true, answers: { 200: { example: keySet } } },
  getUsage: { scope: 'read', problems: ['invalid_query'], answers: { 200: { example: usage } } },
  getLane: { scope: null, problems: ['test_lane_unsafe'], answers: { 200: { example: lane } } },
  listOutcomes: { scope: null, problems: [], answers: { 200: { example: outcomes } } },
} as const satisfies Record<string, OperationFacts>;

export type OperationId = keyof typeof OPERATIONS;

/** Without a body they do what is usual. */
export const OPTIONAL_BODIES: readonly OperationId[] = ['rotateCallbackSecret', 'rotateEndpointSecret'];

export function isOperationId(text: string): text is OperationId {
  return Object.hasOwn(OPERATIONS, text);
}

/** Every problem that an operation may be answered with. */
export function problemsOf(operationId: OperationId): readonly ProblemCode[] {
  const { scope, problems, isPublic }: OperationFacts = OPERATIONS[operationId];
  return [
    ...COMMON_PROBLEMS.filter((code) => !isPublic || !ABOUT_KEYS.includes(code)),
    ...(scope === null ? [] : ['scope_missing' as const]),
    ...problems,
  ];
}
