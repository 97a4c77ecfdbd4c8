import { z } from 'zod';
import { accountsSettings } from '../shared/config/accounts-settings.ts';
import { auditSettings } from '../shared/config/audit-settings.ts';
import { areRead, evenWhenOthersFail, report } from '../shared/config/cross-checks.ts';
import { epochSettings } from '../shared/config/epoch-settings.ts';
import { decideLivemode, refuseSandbox } from '../shared/config/livemode.ts';
import { checkPhotoStore, photoStoreSettings } from '../shared/config/photo-store-settings.ts';
import { validatePlainHttp } from '../shared/config/plain-http.ts';
import { redisSettings } from '../shared/config/redis-settings.ts';
import { checkRedisTarget } from '../shared/config/redis-target.ts';
import {
  callbackSettings,
  laneSettings,
  logSharingSettings,
  personLimitSettings,
  processSettings,
  retentionSettings,
  retrySettings,
  sandboxUseSettings,
  sealingSettings,
  upstreamSettings,
  workerSettings,
} from '../shared/config/settings.ts';
import { signingSettings } from '../shared/config/signing-settings.ts';
import { opensAnything } from '../shared/sealing/key-ring.ts';
import { createFieldEncryptor } from './upstream/field-encryption.ts';

const shape = z.object({
  ...processSettings,
  ...logSharingSettings,
  ...redisSettings,
  ...laneSettings,
  ...sealingSettings,
  ...epochSettings,
  ...retentionSettings,
  ...signingSettings,
  ...auditSettings,
  ...photoStoreSettings,
  ...callbackSettings,
  ...upstreamSettings,
  ...sandboxUseSettings,
  ...retrySettings,
  ...personLimitSettings,
  ...accountsSettings,
  ...workerSettings,
  // Required for the one account. A file of accounts refers to secrets by names of its own.
  TENCENTCLOUD_SECRET_ID: upstreamSettings.TENCENTCLOUD_SECRET_ID.optional().meta({
    ...upstreamSettings.TENCENTCLOUD_SECRET_ID.meta(),
    required: true,
  }),
  TENCENTCLOUD_SECRET_KEY: upstreamSettings.TENCENTCLOUD_SECRET_KEY.optional().meta({
    ...upstreamSettings.TENCENTCLOUD_SECRET_KEY.meta(),
    required: true,
  }),
});
export type WorkerSettings = z.output<typeof shape>;

/** Everything a worker reads from its environment. */
export const workerEnvironment = shape
  .superRefine(checkRedisTarget, evenWhenOthersFail)
  .superRefine(checkKeys, evenWhenOthersFail)
  .superRefine(checkCredentials, evenWhenOthersFail)
  .superRefine(checkPhotoStore, evenWhenOthersFail)
  .superRefine(checkUpstream, evenWhenOthersFail)
  .superRefine(checkBackoff, evenWhenOthersFail)
  .superRefine(checkFieldEncryption, evenWhenOthersFail);

/** With public keys alone a worker would take verifications and finish each as unreadable. */
function checkKeys({ VERIQUEUE_KEYS }: WorkerSettings, context: z.RefinementCtx): void {
  if (!areRead(context, 'VERIQUEUE_KEYS') || opensAnything(VERIQUEUE_KEYS)) return;
  report(context, 'VERIQUEUE_KEYS', 'must hold a key that opens (id:x25519:… or id:…): these only seal');
}

function checkCredentials(settings: WorkerSettings, context: z.RefinementCtx): void {
  if (!areRead(context, 'ACCOUNTS_FILE') || settings.ACCOUNTS_FILE !== undefined) return;
  for (const variable of ['TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY'] as const) {
    if (areRead(context, variable) && settings[variable] === undefined)
      report(context, variable, 'must be set');
  }
}

/** With a file of accounts, each of them is looked at when its secrets are known. */
function checkUpstream(settings: WorkerSettings, context: z.RefinementCtx): void {
  if (!areRead(context, 'ACCOUNTS_FILE') || settings.ACCOUNTS_FILE !== undefined) return;
  if (!areRead(context, 'FACEID_ENDPOINT', 'LIVEMODE', 'ALLOW_SANDBOX')) return;
  const mode = decideLivemode(settings.FACEID_ENDPOINT, settings.LIVEMODE);
  if (!mode.known) {
    report(context, 'LIVEMODE', mode.reason);
    return;
  }
  const plain = validatePlainHttp({
    ...settings,
    TENCENTCLOUD_SECRET_ID: settings.TENCENTCLOUD_SECRET_ID ?? '',
    TENCENTCLOUD_SECRET_KEY: settings.TENCENTCLOUD_SECRET_KEY ?? '',
  });
  if (
    plain !== null &&
    areRead(context, 'TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY', 'TENCENTCLOUD_TOKEN')
  )
    report(context, 'FACEID_ENDPOINT', plain);
  const refusal = refuseSandbox(mode.livemode, settings);
  if (refusal !== null) report(context, 'ALLOW_SANDBOX', refusal);
}

function checkBackoff({ RETRY_BASE, RETRY_CAP }: WorkerSettings, context: z.RefinementCtx): void {
  if (!areRead(context, 'RETRY_BASE', 'RETRY_CAP')) return;
  if (RETRY_CAP < RETRY_BASE) report(context, 'RETRY_CAP', 'must not be less than RETRY_BASE');
}

/** A key that cannot be used would otherwise be found out with the first person's data in hand. */
function checkFieldEncryption(
  { FIELD_ENCRYPTION: algorithm, FIELD_ENCRYPTION_PUBLIC_KEY: publicKey }: WorkerSettings,
  context: z.RefinementCtx,
): void {
  if (!areRead(context, 'FIELD_ENCRYPTION') || algorithm === 'off') return;
  const variable = 'FIELD_ENCRYPTION_PUBLIC_KEY';
  if (publicKey === undefined) {
    report(context, variable, `must be set when FIELD_ENCRYPTION is ${algorithm}`);
    return;
  }
  try {
    createFieldEncryptor({ algorithm, publicKey });
  } catch {
    const kind = algorithm === 'SM4-GCM' ? 'an SM2' : 'an RSA';
    report(context, variable, `must be ${kind} public key in PEM, or the Base64 of one, for ${algorithm}`);
  }
}
