import type { DeliveryLog } from '../../shared/contract/delivery-log.ts';
import type { FeedEvent, FeedPage } from '../../shared/contract/feed.ts';
import type { KeySet } from '../../shared/contract/key-set.ts';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import type { Notice, VerificationNotice } from '../../shared/contract/notice.ts';
import type { OutcomesPage } from '../../shared/contract/outcomes.ts';
import type { ErasureReceipt } from '../../shared/contract/receipt.ts';
import type { PhotoUpload } from '../../shared/contract/upload.ts';
import type { UsageReport } from '../../shared/contract/usage.ts';
import type {
  Verification,
  VerificationEvent,
  VerificationPage,
  WebhookTestEvent,
} from '../../shared/contract/verification.ts';
import { publicOutcomeTable } from '../../shared/outcomes/resolve-outcome.ts';

/** What the interface's description shows. No person has these numbers: no province is 99. */

/** The smallest photo that can be written here: a PNG of one pixel. */
const PHOTO =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const person = { idCard: '990001199001010021', name: '测试乙丑' };

export const submissionExample = {
  ...person,
  imageBase64: PHOTO,
  reference: 'order-31',
  callbackUrl: 'https://shop.example/events',
};

export const submissionFormExample = {
  ...person,
  image: 'photo.jpg',
  reference: 'order-31',
  callbackUrl: 'https://shop.example/events',
};

export const uploadRequestExample = { bytes: 19_578, contentType: 'image/jpeg' };

export const photoUploadExample: PhotoUpload = {
  photoId: 'pho_01jz3n8k2hfq9v7w5x4t6s8r0p',
  uploadUrl: 'https://faces.s3.example/veriqueue/main/2026-03-02/pho_01jz/5f3a?X-Amz-Signature=…',
  headers: { 'content-length': '19578', 'content-type': 'image/jpeg' },
  expiresAt: '2026-03-02T04:15:00.000Z',
};

export const acceptedVerification: Verification = {
  id: 'ver_01jz3n8k2hfq9v7w5x4t6s8r0p',
  status: 'queued',
  livemode: true,
  reference: 'order-31',
  extra: null,
  priority: 'interactive',
  submittedAt: '2030-01-31T08:00:00.000Z',
  position: 3,
  estimatedCompletionAt: '2030-01-31T08:00:01.000Z',
  completesBy: '2030-01-31T08:00:08.000Z',
  completesByExtended: null,
  answerBy: null,
  nextAttemptAt: null,
  attempts: [],
  outcome: null,
  delivery: { status: 'pending', attempts: 0, nextAttemptAt: null },
};

export const cancelledVerification: Verification = {
  ...acceptedVerification,
  status: 'cancelled',
  position: null,
  estimatedCompletionAt: null,
};

const requestId = '5c3f2e0d-7a41-4b6e-9f3c-1d2e3f405162';

export const completedVerification: Verification = {
  ...acceptedVerification,
  status: 'completed',
  position: null,
  estimatedCompletionAt: null,
  attempts: [{ at: '2030-01-31T08:00:00.400Z', durationMs: 612, code: 'Success', requestId }],
  outcome: {
    verdict: 'match',
    code: 'Success',
    description: 'Success',
    sim: 89.4,
    requestId,
    action: 'none',
    billed: true,
    possiblyBilledAgain: false,
    completedAt: '2030-01-31T08:00:01.012Z',
  },
  delivery: { status: 'delivered', attempts: 1, nextAttemptAt: null },
};

const failedVerification: Verification = {
  ...completedVerification,
  status: 'failed',
  attempts: [
    {
      at: '2030-01-31T08:00:00.400Z',
      durationMs: 98,
      code: 'InvalidParameterValue',
      requestId,
    },
  ],
  outcome: {
    verdict: 'error',
    code: 'InvalidParameterValue',
    description: 'The value of a parameter is invalid',
    sim: null,
    requestId,
    action: 'contact_support',
    billed: false,
    possiblyBilledAgain: false,
    completedAt: '2030-01-31T08:00:00.498Z',
  },
};

export const page: VerificationPage = { data: [completedVerification], nextCursor: null };

export const deliveryLog: DeliveryLog = {
  data: [
    { at: '2030-01-31T08:00:01.020Z', durationMs: 38, status: 503, errorClass: null, answer: 'down' },
    { at: '2030-01-31T08:00:06.400Z', durationMs: 21, status: 204, errorClass: null, answer: '' },
  ],
};

export const usage: UsageReport = {
  from: '2030-01-30',
  to: '2030-01-31',
  data: [
    {
      day: '2030-01-31',
      clientId: 'cli_01jz3n8k2hfq9v7w5x4t6s8r0p',
      code: 'Success',
      billed: 1_204,
      unbilled: 0,
      unknown: 0,
    },
  ],
  total: { calls: 1_204, billed: 1_204, unbilled: 0, unknown: 0 },
  budget: {
    mode: 'hard',
    waiting: 12,
    day: { period: '2030-01-31', limit: 2_000, spent: 1_204, endsAt: '2030-01-31T16:00:00.000Z' },
    month: null,
  },
};

export const lane: LaneOverview = {
  lane: 'default',
  livemode: true,
  status: 'running',
  reason: null,
  since: null,
  resumesAt: null,
  backlog: { interactive: 12, bulk: 4_031, retrying: 3, verifying: 9, total: 4_055 },
  quota: { perSecond: 20, effectivePerSecond: 19.2, inUse: 19, marginMs: 20 },
  estimatedWaitSeconds: 0.8,
  photosStored: { now: 4_055, peak: 11_872 },
  client: {
    weight: 100,
    waiting: 31,
    callsLastMinute: 284,
    shareDue: 0.25,
    shareHad: 0.26,
    oldestWaitingSeconds: 6.2,
  },
};

export const outcomes: OutcomesPage = { data: publicOutcomeTable().slice(0, 2) };

function verificationNotice(type: VerificationNotice['type'], code: string): VerificationNotice {
  const isDeferred = type === 'verification.deferred';
  const { id, livemode, reference } = completedVerification;
  return {
    type,
    timestamp: '2030-01-31T08:00:00.700Z',
    data: {
      ...{ id, status: isDeferred ? 'deferred' : 'retrying', livemode, reference, code, attempts: 1 },
      nextAttemptAt: isDeferred ? '2030-01-31T08:01:02.700Z' : '2030-01-31T08:00:01.200Z',
    },
    sequence: isDeferred ? 4_035 : 4_034,
  };
}

/** Each event with what is sent about it. */
export const eventExamples: Readonly<Record<string, VerificationEvent | Notice | WebhookTestEvent>> = {
  'verification.completed': {
    type: 'verification.completed',
    timestamp: '2030-01-31T08:00:01.012Z',
    // The event was made before it was sent.
    data: { ...completedVerification, delivery: acceptedVerification.delivery },
    sequence: 4_032,
  },
  'verification.failed': {
    type: 'verification.failed',
    timestamp: '2030-01-31T08:00:00.498Z',
    data: { ...failedVerification, delivery: acceptedVerification.delivery },
    sequence: 4_033,
  },
  'verification.retrying': verificationNotice('verification.retrying', 'FailedOperation.CompareSystemError'),
  'verification.deferred': verificationNotice(
    'verification.deferred',
    'FailedOperation.IdentityAuthLimitExceeded',
  ),
  'delivery.dead': {
    type: 'delivery.dead',
    timestamp: '2030-02-02T08:00:00.000Z',
    data: {
      eventId: 'evt_01jz3n8k2hfq9v7w5x4t6s8r0p',
      verification: completedVerification.id,
      endpoint: 'ep_01jz3n8k2hfq9v7w5x4t6s8r0p',
      attempts: 9,
      status: 503,
    },
    sequence: 4_036,
  },
  'usage.threshold': {
    type: 'usage.threshold',
    timestamp: '2030-01-31T08:00:02.000Z',
    data: { period: 'month', date: '2030-01', percent: 80, spent: 8_012, limit: 10_000 },
    sequence: 4_037,
  },
  'subject.erased': {
    type: 'subject.erased',
    timestamp: '2030-01-31T08:00:03.000Z',
    data: { id: completedVerification.id, by: 'client' },
    sequence: 4_038,
  },
  'webhook.test': {
    type: 'webhook.test',
    timestamp: '2030-01-31T08:00:00.000Z',
    data: { clientId: 'cli_01jz3n8k2hfq9v7w5x4t6s8r0p' },
  },
};

export const feedEvent: FeedEvent = {
  id: 'evt_01jz3n8k2hfq9v7w5x4t6s8r0p',
  type: 'verification.completed',
  timestamp: '2030-01-31T08:00:01.012Z',
  data: { ...completedVerification, delivery: acceptedVerification.delivery },
  sequence: 4_032,
};

export const feed: FeedPage = {
  data: [{ type: 'events.gone', from: 4_030, sequence: 4_031 }, feedEvent],
  nextAfter: 4_032,
  last: 4_033,
};

const deletedAt = '2026-03-01T08:00:03.412Z';
export const receipt: ErasureReceipt = {
  receipt:
    'eyJhbGciOiJFZERTQSIsImtpZCI6InM0YzE3ZTAxZDJhOWIzZjYwIiwidHlwIjoidmVyaXF1ZXVlLWVyYXN1cmUtcmVjZWlwdCtqd3MifQ.eyJsYW5lIjoibWFpbiJ9.c2lnbmF0dXJl',
  statement: {
    lane: 'main',
    clientId: 'cli_01jd000000000000000000000a',
    verification: completedVerification.id,
    reason: 'answered',
    submittedAt: '2026-03-01T08:00:00.000Z',
    deleted: [
      { what: 'data_key', at: deletedAt },
      { what: 'id_number_and_name', at: deletedAt },
      { what: 'photo', at: deletedAt },
    ],
    photoObject: 'none',
    issuedAt: '2026-03-01T09:30:00.000Z',
  },
};

export const keySet: KeySet = {
  keys: [
    {
      kty: 'OKP',
      crv: 'Ed25519',
      x: '1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4',
      kid: 's1d9ac19ecbe64cd1',
      use: 'sig',
      alg: 'EdDSA',
    },
  ],
};
