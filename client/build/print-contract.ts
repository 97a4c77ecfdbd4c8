import { z } from 'zod';
import { apiKey, apiKeyPage, apiKeyScope, createdApiKey, newApiKey } from '../../shared/contract/api-key.ts';
import { callback, callbackChange, secretRotation } from '../../shared/contract/callback.ts';
import { clientErasureReceipt, clientErasureStatement } from '../../shared/contract/client-receipt.ts';
import { clientShare } from '../../shared/contract/client-share.ts';
import { deliveryAttempt, deliveryLogPage } from '../../shared/contract/delivery-log.ts';
import {
  createdEndpoint,
  endpoint,
  endpointChange,
  endpointPage,
  newEndpoint,
  rotatedSecret,
} from '../../shared/contract/endpoint.ts';
import { eventDelivery, eventDeliveryPage } from '../../shared/contract/event-delivery.ts';
import { eventsGone, feedEvent, feedPage } from '../../shared/contract/feed.ts';
import { keySet } from '../../shared/contract/key-set.ts';
import { laneAccount, laneOverview } from '../../shared/contract/lane.ts';
import {
  deliveryDead,
  feedNotice,
  subjectErased,
  usageThreshold,
  verificationNotice,
} from '../../shared/contract/notice.ts';
import { clientActions, outcomeCodes } from '../../shared/contract/outcome-codes.ts';
import { outcomeRow, outcomesPage } from '../../shared/contract/outcomes.ts';
import { problem, problemTable } from '../../shared/contract/problem.ts';
import { erasureReceipt, erasureStatement } from '../../shared/contract/receipt.ts';
import { receiverAuth, receiverAuthChange } from '../../shared/contract/receiver-auth.ts';
import { redeliveryProgress, redeliveryRange } from '../../shared/contract/redelivery-range.ts';
import { submissionForm } from '../../shared/contract/submission.ts';
import { testDelivery } from '../../shared/contract/test-delivery.ts';
import { photoUpload } from '../../shared/contract/upload.ts';
import { clientBudget, usageReport } from '../../shared/contract/usage.ts';
import {
  attempt,
  delivery,
  outcome,
  promiseExtension,
  verification,
  verificationEvent,
  verificationPage,
  verificationStatus,
  webhookTestEvent,
} from '../../shared/contract/verification.ts';
import { jsonSchema, printType } from './print-type.ts';

/** The types that the client shows and that the contract infers from a schema, by their names. */
const INFERRED = {
  ApiKey: apiKey,
  ApiKeyPage: apiKeyPage,
  ApiKeyScope: apiKeyScope,
  Callback: callback,
  CallbackChange: callbackChange,
  CreatedApiKey: createdApiKey,
  NewApiKey: newApiKey,
  SecretRotation: secretRotation,
  Attempt: attempt,
  ClientBudget: clientBudget,
  ClientErasureReceipt: clientErasureReceipt,
  ClientErasureStatement: clientErasureStatement,
  ClientShare: clientShare,
  CreatedEndpoint: createdEndpoint,
  Delivery: delivery,
  DeliveryDead: deliveryDead,
  DeliveryAttempt: deliveryAttempt,
  DeliveryLog: deliveryLogPage,
  Endpoint: endpoint,
  EndpointChange: endpointChange,
  EndpointPage: endpointPage,
  EventDelivery: eventDelivery,
  EventDeliveryPage: eventDeliveryPage,
  EventsGone: eventsGone,
  FeedEvent: feedEvent,
  FeedNotice: feedNotice,
  FeedPage: feedPage,
  KeySet: keySet,
  ErasureReceipt: erasureReceipt,
  ErasureStatement: erasureStatement,
  LaneAccount: laneAccount,
  LaneOverview: laneOverview,
  NewEndpoint: newEndpoint,
  Outcome: outcome,
  OutcomeRow: outcomeRow,
  OutcomesPage: outcomesPage,
  PhotoUpload: photoUpload,
  Problem: problem,
  PromiseExtension: promiseExtension,
  ReceiverAuth: receiverAuth,
  ReceiverAuthChange: receiverAuthChange,
  RedeliveryProgress: redeliveryProgress,
  RedeliveryRange: redeliveryRange,
  TestDelivery: testDelivery,
  RotatedSecret: rotatedSecret,
  SubjectErased: subjectErased,
  SubmissionFields: submissionForm,
  UsageReport: usageReport,
  UsageThreshold: usageThreshold,
  Verification: verification,
  VerificationEvent: verificationEvent,
  VerificationNotice: verificationNotice,
  VerificationPage: verificationPage,
  VerificationStatus: verificationStatus,
  WebhookTestEvent: webhookTestEvent,
} as const satisfies Record<string, z.ZodType>;

/** Texts with these known values, to which others may be added. */
const OPEN = { ClientAction: clientActions, OutcomeCode: outcomeCodes } as const;

/** Only what is sent has fields with defaults, which its sender may leave out. */
const SENT: readonly string[] = ['SubmissionFields'] satisfies (keyof typeof INFERRED)[];

/**
 * The contract's types written out as a declaration module, so that the package needs neither zod nor the server. What the
 * schemas describe becomes their comments. A test compares each type with the one that its schema infers.
 */
export function printContract(): string {
  const registry = z.registry<{ id: string }>();
  for (const [name, schema] of Object.entries(INFERRED)) registry.add(schema, { id: name });
  const [read, sent] = (['output', 'input'] as const).map(
    (io) => z.toJSONSchema(registry, { uri: (id) => id, io }).schemas,
  );
  const declarations = Object.keys(INFERRED).map((name) => {
    const schema = jsonSchema.parse((SENT.includes(name) ? sent : read)?.[name]);
    const text = printType(schema, OPEN);
    return schema.properties !== undefined
      ? `export interface ${name} ${text}`
      : `export type ${name} = ${text};`;
  });
  const unions = { ...OPEN, ProblemCode: Object.keys(problemTable) };
  return [
    ...declarations,
    ...Object.entries(unions).map(
      ([name, values]) => `export type ${name} = ${values.map((value) => `'${value}'`).join(' | ')};`,
    ),
    `export type FieldError = NonNullable<Problem['errors']>[number];`,
    '',
  ].join('\n');
}
