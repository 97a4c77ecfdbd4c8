import { presentProblem } from '../problem.ts';
import { type ApiDocument, type JsonSchema, mapValues } from './document.ts';
import {
  createdEndpoint,
  endpointChangeExample,
  endpointExample,
  endpoints,
  newEndpointExample,
  receiverAuthChangeExample,
  receiverAuthExample,
  rotatedSecret,
} from './endpoint-examples.ts';
import {
  acceptedVerification,
  completedVerification,
  deliveryLog,
  eventExamples,
  feed,
  feedEvent,
  keySet,
  lane,
  outcomes,
  page,
  submissionExample,
  submissionFormExample,
  usage,
} from './examples.ts';

import {
  apiKeyExample,
  apiKeys,
  callbackChangeExample,
  callbackExample,
  createdApiKeyExample,
  newApiKeyExample,
  redeliveryProgressExample,
  redeliveryRangeExample,
  secretRotationExample,
  testDeliveryExample,
} from './own-account-examples.ts';

/** What each schema's properties show as their examples. */
const EXAMPLES: Readonly<Record<string, object | null | undefined>> = {
  ApiKey: apiKeyExample,
  ApiKeys: apiKeys,
  Callback: callbackExample,
  CallbackChange: callbackChangeExample,
  CreatedApiKey: createdApiKeyExample,
  NewApiKey: newApiKeyExample,
  ReceiverAuth: receiverAuthExample,
  RedeliveryProgress: redeliveryProgressExample,
  RedeliveryRange: redeliveryRangeExample,
  TestDelivery: testDeliveryExample,
  ReceiverAuthChange: receiverAuthChangeExample,
  SecretRotation: secretRotationExample,
  Attempt: completedVerification.attempts[0],
  Delivery: completedVerification.delivery,
  DeliveryAttempt: deliveryLog.data[0],
  DeliveryDead: eventExamples['delivery.dead'],
  DeliveryLog: deliveryLog,
  CreatedEndpoint: createdEndpoint,
  Endpoint: endpointExample,
  EndpointChange: endpointChangeExample,
  Endpoints: endpoints,
  EventsGone: feed.data[0],
  FeedEvent: feedEvent,
  FeedPage: feed,
  KeySet: keySet,
  Lane: lane,
  NewEndpoint: newEndpointExample,
  Outcome: completedVerification.outcome,
  Outcomes: outcomes,
  Problem: presentProblem('not_found'),
  RotatedSecret: rotatedSecret,
  SubjectErased: eventExamples['subject.erased'],
  Submission: submissionExample,
  SubmissionForm: submissionFormExample,
  Usage: usage,
  UsageThreshold: eventExamples['usage.threshold'],
  Verification: {
    ...completedVerification,
    ...pick(acceptedVerification, ['position', 'estimatedCompletionAt']),
  },
  VerificationEvent: eventExamples['verification.completed'],
  VerificationNotice: eventExamples['verification.retrying'],
  VerificationPage: page,
  WebhookTestEvent: eventExamples['webhook.test'],
};

const SENT = 'Input';
const REF = '#/components/schemas/';

/**
 * Takes away what generators stumble over, and gives each property an example.
 *
 * - A body that is sent is described under its own name, without the ending that the plug-in adds to it.
 * - Answers may get new fields, so that no reader of them may insist on those of today.
 * - The patterns of times say less than their format, and tools make up years such as 7920 from them.
 */
export function tidySchemas(document: ApiDocument): ApiDocument {
  const { schemas = {}, ...components } = document.components ?? {};
  const used = collectUsed(schemas, { ...document, components });
  const kept = Object.entries(schemas).filter(([name]) => used.has(name));
  const renamed = new Map(
    kept.map(([name]) => [name, used.has(withoutEnding(name)) ? name : withoutEnding(name)] as const),
  );
  const tidied = kept.map(([name, schema]) => {
    const shown = renamed.get(name) ?? name;
    return [shown, addExamples(tidy(schema, name.endsWith(SENT)), EXAMPLES[shown])] as const;
  });
  const described = { ...document, components: { ...components, schemas: Object.fromEntries(tidied) } };
  return tidyParameters(JSON.parse(rename(JSON.stringify(described), renamed)) as ApiDocument);
}

function withoutEnding(name: string): string {
  return name.endsWith(SENT) ? name.slice(0, -SENT.length) : name;
}

function rename(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(
    /"#\/components\/schemas\/([^"]+)"/g,
    (_, name: string) => `"${REF}${names.get(name) ?? name}"`,
  );
}

/** Names of the schemas that `part` points to, directly or through others. */
function collectUsed(schemas: Readonly<Record<string, unknown>>, part: unknown): ReadonlySet<string> {
  const used = new Set<string>();
  const follow = (value: unknown) => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      follow(schemas[name] ?? null);
    }
  };
  follow(part);
  return used;
}

function tidyParameters(document: ApiDocument): ApiDocument {
  const paths = mapValues(document.paths ?? {}, (methods) =>
    mapValues(methods, ({ parameters, ...operation }) => ({
      ...operation,
      ...(parameters && {
        parameters: parameters.map((parameter) => ({ ...parameter, schema: tidy(parameter.schema, true) })),
      }),
    })),
  );
  return { ...document, paths };
}

function tidy(schema: JsonSchema, isSent: boolean): JsonSchema {
  const { pattern, additionalProperties, maximum, properties, items, anyOf, ...rest } = schema;
  const isTime = rest.format === 'date-time' || rest.format === 'date';
  return {
    ...rest,
    ...(pattern !== undefined && !isTime && { pattern }),
    ...(additionalProperties !== undefined && isSent && { additionalProperties }),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
    ...(properties && { properties: mapValues(properties, (property) => tidy(property, isSent)) }),
    ...(items && { items: tidy(items, isSent) }),
    ...(anyOf && { anyOf: anyOf.map((each) => tidy(each, isSent)) }),
  };
}

/** To the properties of a schema, and of those in it, that are no schemas of their own. */
function addExamples(schema: JsonSchema, example: unknown): JsonSchema {
  const { properties, items } = schema;
  if (items !== undefined && Array.isArray(example)) {
    return { ...schema, items: addExamples(items, example[0]) };
  }
  if (properties === undefined) {
    return example === undefined || example === null || schema.$ref !== undefined
      ? schema
      : { ...schema, examples: [example] };
  }
  const values = (example ?? {}) as Readonly<Record<string, unknown>>;
  return { ...schema, properties: mapValues(properties, (each, name) => addExamples(each, values[name])) };
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
