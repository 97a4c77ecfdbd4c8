import { z } from 'zod';
import { auditSettings } from '../shared/config/audit-settings.ts';
import { areRead, evenWhenOthersFail, report } from '../shared/config/cross-checks.ts';
import { endpointSettings } from '../shared/config/endpoint-settings.ts';
import { epochSettings } from '../shared/config/epoch-settings.ts';
import { checkPhotoStore, photoStoreSettings } from '../shared/config/photo-store-settings.ts';
import { redisSettings } from '../shared/config/redis-settings.ts';
import { checkRedisTarget } from '../shared/config/redis-target.ts';
import {
  callbackSettings,
  laneSettings,
  logSharingSettings,
  processSettings,
  producerSettings,
  retentionSettings,
  sealingSettings,
  testLaneSettings,
} from '../shared/config/settings.ts';
import { host, operatorKey, port } from '../shared/config/shapes.ts';
import { signingSettings } from '../shared/config/signing-settings.ts';
import { countDigestingKeys } from '../shared/sealing/digest.ts';

const shape = z.object({
  ...processSettings,
  ...logSharingSettings,
  ...redisSettings,
  ...laneSettings,
  ...testLaneSettings,
  ...sealingSettings,
  ...epochSettings,
  ...retentionSettings,
  ...signingSettings,
  ...auditSettings,
  ...callbackSettings,
  ...producerSettings,
  ...endpointSettings,
  ...photoStoreSettings,
  OPERATIONS_PORT: port()
    .optional()
    .describe('Moves health, metrics, docs and console from the API to a listener of their own.'),
  OPERATIONS_HOST: host.optional().describe('The address of that listener. Unset, it is `HOST`.'),
  OPERATOR_KEY: operatorKey
    .optional()
    .describe(
      'Opens the [console](console.md) and the raw queues. Unset, they are off. `npm start` makes one.',
    ),
});
export type ProducerSettings = z.output<typeof shape>;

/** What taking submissions in depends on, over HTTP and by the library. */
export const intakeShape = shape.pick({
  ACCEPT_AFTER: true,
  ALLOW_CHECK_DIGIT_FAILURE: true,
  ALLOW_INSECURE_CALLBACKS: true,
  CLIENT_BURST: true,
  CLIENT_MAX_RECORDS: true,
  CLIENT_MAX_WAITING: true,
  CLIENT_RATE_PER_SECOND: true,
  LANE: true,
  MAX_BACKLOG: true,
  PHOTO_STORE: true,
  PHOTO_STORE_ACCESS_KEY_ID: true,
  PHOTO_STORE_ENDPOINT: true,
  PHOTO_STORE_MAX_MIB: true,
  PHOTO_STORE_PATH_STYLE: true,
  PHOTO_STORE_REGION: true,
  PHOTO_STORE_SECRET_ACCESS_KEY: true,
  PHOTO_STORE_SESSION_TOKEN: true,
  PHOTO_STORE_TIMEOUT: true,
  QUOTA_PER_SECOND: true,
  REDIS_CA_FILE: true,
  REDIS_CERT_FILE: true,
  REDIS_KEY_FILE: true,
  REDIS_SENTINEL_PASSWORD: true,
  REDIS_SENTINEL_USERNAME: true,
  REDIS_TLS_SERVERNAME: true,
  REDIS_URL: true,
  RETENTION: true,
  VERIQUEUE_KEYS: true,
});
export type IntakeSettings = z.output<typeof intakeShape>;

/** Everything the producer reads from its environment. */
export const producerEnvironment = shape
  .superRefine(checkRedisTarget, evenWhenOthersFail)
  .superRefine(checkKeys, evenWhenOthersFail)
  .superRefine(checkPhotoStore, evenWhenOthersFail)
  .superRefine(checkTestLane, evenWhenOthersFail)
  .superRefine(checkOperationsListener, evenWhenOthersFail);

function checkTestLane(settings: ProducerSettings, context: z.RefinementCtx): void {
  if (!areRead(context, 'LANE', 'TEST_LANE') || settings.TEST_LANE !== settings.LANE) return;
  report(context, 'TEST_LANE', 'must differ from LANE');
}

/** A public key is no secret, and a repeated Idempotency-Key is recognized by a digest that needs one. */
export function checkKeys(
  { VERIQUEUE_KEYS }: Pick<ProducerSettings, 'VERIQUEUE_KEYS'>,
  context: z.RefinementCtx,
): void {
  if (!areRead(context, 'VERIQUEUE_KEYS')) return;
  if (countDigestingKeys(VERIQUEUE_KEYS, 'idempotency-key') > 0) return;
  report(context, 'VERIQUEUE_KEYS', 'must hold an entry id:digest:… beside public keys');
}

/** An address alone would be ignored, and leave beside the API what was meant to be kept from the public. */
function checkOperationsListener(settings: ProducerSettings, context: z.RefinementCtx): void {
  const { PORT, HOST, OPERATIONS_PORT, OPERATIONS_HOST } = settings;
  if (!areRead(context, 'PORT', 'HOST', 'OPERATIONS_PORT', 'OPERATIONS_HOST')) return;
  if (OPERATIONS_HOST !== undefined && OPERATIONS_PORT === undefined) {
    report(context, 'OPERATIONS_HOST', 'must be unset unless OPERATIONS_PORT is set');
  }
  const sameHost = OPERATIONS_HOST === undefined || OPERATIONS_HOST === HOST;
  if (OPERATIONS_PORT !== undefined && OPERATIONS_PORT !== 0 && OPERATIONS_PORT === PORT && sameHost) {
    report(context, 'OPERATIONS_PORT', 'must differ from PORT');
  }
}
