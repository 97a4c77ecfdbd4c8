import { z } from 'zod';
import { duration, secretText, storeEndpoint } from '../config/shapes.ts';

const label = z
  .string()
  .regex(/^[A-Za-z0-9_./-]{1,128}$/, 'must be 1 to 128 letters, digits, or characters of _./-');

/**
 * How a key management service is reached. Only a process whose environment has an entry of it reads them, once, before all
 * other settings. AWS and Vault have the names that their own tools read.
 */
export const kmsEnvironment = z.object({
  KMS_TIMEOUT: duration({ min: '1s', max: '1m' }).prefault('10s'),
  KMS_TENCENT_SECRET_ID: secretText.optional(),
  KMS_TENCENT_SECRET_KEY: secretText.optional(),
  KMS_TENCENT_TOKEN: secretText.optional(),
  KMS_TENCENT_REGION: label.optional(),
  KMS_TENCENT_ENDPOINT: storeEndpoint.default('https://kms.tencentcloudapi.com'),
  AWS_REGION: label.optional(),
  AWS_ACCESS_KEY_ID: secretText.optional(),
  AWS_SECRET_ACCESS_KEY: secretText.optional(),
  AWS_SESSION_TOKEN: secretText.optional(),
  AWS_ENDPOINT_URL_KMS: storeEndpoint.optional(),
  VAULT_ADDR: storeEndpoint.optional(),
  VAULT_TOKEN: secretText.optional(),
  VAULT_NAMESPACE: label.optional(),
  VAULT_TRANSIT_MOUNT: label.default('transit'),
  VAULT_TRANSIT_KEY: label.default('veriqueue'),
});
export type KmsSettings = z.output<typeof kmsEnvironment>;
