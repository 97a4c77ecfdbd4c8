import { problemTable } from '../../shared/contract/problem.ts';
import { PROBLEM_MEDIA_TYPE, presentProblem } from '../problem.ts';
import { type ApiDocument, mapValues, type Operation, type Parameter, type Response } from './document.ts';
import { endpointChangeExample, newEndpointExample } from './endpoint-examples.ts';
import { submissionExample, submissionFormExample, uploadRequestExample } from './examples.ts';
import {
  type HeaderName,
  isOperationId,
  OPERATIONS,
  OPTIONAL_BODIES,
  type OperationFacts,
  type OperationId,
  problemsOf,
} from './operations.ts';

import {
  callbackChangeExample,
  newApiKeyExample,
  redeliveryRangeExample,
  secretRotationExample,
} from './own-account-examples.ts';

const HEADERS: Readonly<Record<HeaderName, object>> = {
  Location: {
    description: 'The path of the verification',
    schema: { type: 'string' },
    example: '/v1/verifications/ver_01jz3n8k2hfq9v7w5x4t6s8r0p',
  },
  'Retry-After': {
    description: 'Seconds until it is worth asking again; not sent once nothing changes any more',
    schema: { type: 'integer', minimum: 1 },
    example: 2,
  },
  'Idempotent-Replayed': {
    description: '`true` when an earlier request with this Idempotency-Key had been accepted',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  'WWW-Authenticate': {
    description: 'Asks for an API key as a bearer token',
    schema: { type: 'string' },
    example: 'Bearer realm="veriqueue"',
  },
};

/** By status, which headers a problem's answer may have. */
const PROBLEM_HEADERS: Readonly<Record<string, readonly HeaderName[]>> = {
  401: ['WWW-Authenticate'],
  402: ['Retry-After'],
  403: ['WWW-Authenticate'],
  409: ['Retry-After'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

const PARAMETER_EXAMPLES: Readonly<Record<string, unknown>> = {
  id: 'ver_01jz3n8k2hfq9v7w5x4t6s8r0p',
  'Idempotency-Key': 'order-31',
  reference: 'order-31',
  status: 'completed',
  code: 'FailedOperation.LifePhotoPoorQuality',
  submittedFrom: '2030-01-31T00:00:00Z',
  submittedBefore: '2030-02-01T00:00:00Z',
  limit: 20,
  cursor: 'MTg5NjA3Njg',
  erase: 'true',
  prefix: 'vq_0a1b2c',
  endpoint: 'callback',
  evenLast: 'false',
  after: 4_029,
  type: 'verification.completed',
  wait: 20,
  from: '2030-01-01',
  to: '2030-01-31',
};

/** Of parameters that mean something else in one operation. */
const OWN_PARAMETER_EXAMPLES: Readonly<Partial<Record<OperationId, Readonly<Record<string, unknown>>>>> = {
  listEventDeliveries: { status: 'dead' },
};

/** By operation and media type. */
const BODY_EXAMPLES: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  submitVerification: {
    'application/json': submissionExample,
    'multipart/form-data': submissionFormExample,
  },
  createUpload: { 'application/json': uploadRequestExample },
  addEndpoint: { 'application/json': newEndpointExample },
  changeEndpoint: { 'application/json': endpointChangeExample },
  changeCallback: { 'application/json': callbackChangeExample },
  rotateCallbackSecret: { 'application/json': secretRotationExample },
  rotateEndpointSecret: { 'application/json': secretRotationExample },
  addApiKey: { 'application/json': newApiKeyExample },
  redeliverRange: { 'application/json': redeliveryRangeExample },
};

/** Gives each operation its examples, and each answer its headers. */
export function completeOperations(document: ApiDocument): ApiDocument {
  const paths = mapValues(document.paths ?? {}, (methods) => mapValues(methods, completeOperation));
  return { ...document, paths };
}

function completeOperation(operation: Operation): Operation {
  const { operationId = '', parameters, requestBody, responses = {} } = operation;
  if (!isOperationId(operationId)) {
    throw new Error(`Cannot describe an operation: its id must be in the table, received ${operationId}`);
  }
  const { scope }: OperationFacts = OPERATIONS[operationId];
  return {
    ...operation,
    // As roles of `security` OpenAPI 3.1 allows them, but linters and generators know scopes of OAuth alone there.
    ...(scope !== null && { 'x-required-scope': scope }),
    ...(parameters && { parameters: parameters.map((each) => completeParameter(operationId, each)) }),
    ...(requestBody && {
      requestBody: {
        ...requestBody,
        required: !OPTIONAL_BODIES.includes(operationId),
        content: mapValues(requestBody.content ?? {}, (media, type) => ({
          ...media,
          example: BODY_EXAMPLES[operationId]?.[type],
        })),
      },
    }),
    responses: mapValues(responses, (response, status) => completeResponse(operationId, status, response)),
  };
}

function completeParameter(operationId: OperationId, parameter: Parameter): Parameter {
  const examples = { ...PARAMETER_EXAMPLES, ...OWN_PARAMETER_EXAMPLES[operationId] };
  return { ...parameter, example: examples[parameter.name] };
}

function completeResponse(operationId: OperationId, status: string, response: Response): Response {
  const { answers }: OperationFacts = OPERATIONS[operationId];
  const answer = answers[status];
  const problems = problemsOf(operationId).filter((code) => String(problemTable[code].status) === status);
  const examples = Object.fromEntries(problems.map((code) => [code, exampleOf(code)]));
  return {
    ...response,
    ...headersOf(answer?.headers ?? (answer === undefined ? PROBLEM_HEADERS[status] : undefined) ?? []),
    ...(response.content && {
      content: mapValues(response.content, (media, type) => ({
        ...media,
        ...(type === PROBLEM_MEDIA_TYPE ? { examples } : { example: answer?.example }),
      })),
    }),
  };
}

function headersOf(names: readonly HeaderName[]): { headers?: object } {
  return names.length === 0
    ? {}
    : { headers: Object.fromEntries(names.map((name) => [name, HEADERS[name]])) };
}

function exampleOf(code: Parameters<typeof presentProblem>[0]) {
  return { summary: problemTable[code].title, value: presentProblem(code, ERRORS[code]) };
}

/** Of the problems that name fields. */
const ERRORS: Readonly<Partial<Record<string, Parameters<typeof presentProblem>[1]>>> = {
  invalid_submission: [
    {
      pointer: '/idCard',
      code: 'id_card_check_digit',
      detail: 'must end in the check digit of its first 17 digits',
    },
  ],
  invalid_query: [{ pointer: '/limit', code: 'too_big', detail: 'must be at most 100' }],
};
