import { eventTypes, noticeTypes } from '../../shared/contract/event-type.ts';
import { eventExamples } from './examples.ts';

const HEADERS = [
  {
    name: 'webhook-id',
    description: 'The same on every attempt to deliver this event: keep it, and drop what you have seen',
    example: 'ver_01jz3n8k2hfq9v7w5x4t6s8r0p',
  },
  {
    name: 'webhook-timestamp',
    description:
      'When this attempt was made, in seconds since 1970: refuse what is more than five minutes off',
    example: '1896076801',
  },
  {
    name: 'webhook-signature',
    description:
      '`v1,` and the Base64 of the HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>` under your secret; several, separated by spaces, while a secret rotates. Where the deployment has signing keys, also `v1a,` and the Base64 of the Ed25519 signature of the same text, by a key of `GET /.well-known/jwks.json`',
    example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  },
];

/** The events that a client receives: no route shows them. */
export function describeWebhooks(): object {
  return Object.fromEntries([
    ...Object.values(eventTypes).map((type) => [type, describeEvent(type, 'VerificationEvent')]),
    ...[noticeTypes.deferred, noticeTypes.retrying].map((type) => [
      type,
      describeEvent(type, 'VerificationNotice'),
    ]),
    [noticeTypes.deliveryDead, describeEvent(noticeTypes.deliveryDead, 'DeliveryDead')],
    [noticeTypes.threshold, describeEvent(noticeTypes.threshold, 'UsageThreshold')],
    [noticeTypes.erased, describeEvent(noticeTypes.erased, 'SubjectErased')],
    ['webhook.test', describeEvent('webhook.test', 'WebhookTestEvent')],
  ]);
}

const SUMMARIES: Readonly<Record<string, string>> = {
  'verification.completed': 'A verification has its outcome',
  'verification.failed': 'A verification was given up',
  'verification.deferred': 'The upstream was asked about this person too often',
  'verification.retrying': 'An attempt failed for a reason that may pass',
  'delivery.dead': 'An event was given up',
  'usage.threshold': 'A part of your budget is spent',
  'subject.erased': 'A verification was deleted',
  'webhook.test': 'An operator or you test a receiver of yours',
};

function describeEvent(type: string, schema: string): object {
  return {
    post: {
      operationId: `on${type.replace(/(?:^|[._])(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
      tags: ['Events'],
      summary: SUMMARIES[type] ?? type,
      description:
        'Signed as Standard Webhooks 1.0.0 says, and sent at least once. Verify the signature over the bytes as received, acknowledge types that you do not know, and answer within the time-out.',
      security: [],
      parameters: HEADERS.map((header) => ({
        ...header,
        in: 'header',
        required: true,
        schema: { type: 'string' },
      })),
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: `#/components/schemas/${schema}` },
            example: eventExamples[type],
          },
        },
      },
      responses: {
        '2XX': { description: 'Received. The body is kept for you to look at, and otherwise ignored' },
        410: { description: 'Failed. After two of them, at least five minutes apart, the endpoint is held' },
        '4XX': { description: 'Failed: it is sent again later' },
        '5XX': { description: 'Failed: it is sent again later, not before `Retry-After`' },
      },
    },
  };
}
