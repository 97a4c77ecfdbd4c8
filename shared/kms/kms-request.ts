import { AwsV4Signer } from 'aws4fetch';
import { z } from 'zod';
import { jsonText } from '../contract/json-text.ts';
import { hashPayload, signTc3 } from '../upstream/tc3-signature.ts';
import type { KmsSettings } from './kms-settings.ts';

export const KMS_PROVIDERS = ['tencent', 'aws', 'vault'] as const;
export type KmsProvider = (typeof KMS_PROVIDERS)[number];

/** `decrypt` is given a ciphertext as the service made it; `encrypt` a plaintext in Base64, and the key to use. */
export type KmsOperation =
  | { readonly kind: 'decrypt'; readonly ciphertext: string }
  /** `keyId`: of Tencent Cloud and AWS; Vault's is in the settings. */
  | { readonly kind: 'encrypt'; readonly plaintext: string; readonly keyId: string | undefined };

export interface KmsRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The ciphertext, or the plaintext in Base64, from an answer; null for an answer of another form. */
  readonly read: (answer: string) => string | null;
  /** What an answer says is wrong: a code, and no value of ours. */
  readonly readError: (answer: string) => string | null;
}

/** @throws {KmsSettingMissing} */
export type BuildKmsRequest = (
  operation: KmsOperation,
  settings: KmsSettings,
  now: number,
) => Promise<KmsRequest>;

export class KmsSettingMissing extends Error {
  override readonly name = 'KmsSettingMissing';
}

function need<Name extends keyof KmsSettings>(
  settings: KmsSettings,
  ...names: readonly Name[]
): Readonly<Record<Name, string>> {
  const missing = names.filter((name) => settings[name] === undefined);
  if (missing.length > 0) throw new KmsSettingMissing(`set ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, String(settings[name])])) as Record<Name, string>;
}

/** "Decrypt" and "Encrypt" of KMS 2019-01-18, https://cloud.tencent.com/document/api/573/34429. */
const askTencent: BuildKmsRequest = async (operation, settings, now) => {
  const names = ['KMS_TENCENT_SECRET_ID', 'KMS_TENCENT_SECRET_KEY', 'KMS_TENCENT_REGION'] as const;
  const { KMS_TENCENT_SECRET_ID, KMS_TENCENT_SECRET_KEY, KMS_TENCENT_REGION } = need(settings, ...names);
  const body = JSON.stringify(bodyOf(operation));
  const url = new URL('/', settings.KMS_TENCENT_ENDPOINT);
  const token = settings.KMS_TENCENT_TOKEN;
  const headers = signTc3({
    secretId: KMS_TENCENT_SECRET_ID,
    secretKey: KMS_TENCENT_SECRET_KEY,
    ...(token === undefined ? {} : { token }),
    host: url.host,
    service: 'kms',
    action: operation.kind === 'decrypt' ? 'Decrypt' : 'Encrypt',
    version: '2019-01-18',
    region: KMS_TENCENT_REGION,
    timestamp: Math.floor(now / 1000),
    payloadHash: hashPayload(body),
  });
  const answer = jsonText(z.object({ Response: blobs }));
  const failure = jsonText(z.object({ Response: z.object({ Error: z.object({ Code: errorCode }) }) }));
  return {
    url: url.href,
    headers,
    body,
    read: (text) => pick(operation, answer.safeParse(text).data?.Response),
    readError: (text) => failure.safeParse(text).data?.Response.Error.Code ?? null,
  };
};

/** "Decrypt" and "Encrypt" of the AWS KMS API reference. */
const askAws: BuildKmsRequest = async (operation, settings, now) => {
  const names = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = need(settings, ...names);
  const body = JSON.stringify(bodyOf(operation));
  const token = settings.AWS_SESSION_TOKEN;
  const signed = await new AwsV4Signer({
    method: 'POST',
    url: new URL('/', settings.AWS_ENDPOINT_URL_KMS ?? `https://kms.${AWS_REGION}.amazonaws.com`).href,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': operation.kind === 'decrypt' ? 'TrentService.Decrypt' : 'TrentService.Encrypt',
      'x-amz-content-sha256': hashPayload(body),
    },
    body,
    service: 'kms',
    region: AWS_REGION,
    datetime: new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(token === undefined ? {} : { sessionToken: token }),
  }).sign();
  const answer = jsonText(blobs);
  const failure = jsonText(z.object({ __type: errorCode }));
  return {
    url: signed.url.href,
    headers: Object.fromEntries(signed.headers),
    body,
    read: (text) => pick(operation, answer.safeParse(text).data),
    readError: (text) => failure.safeParse(text).data?.__type ?? null,
  };
};

/** The transit secrets engine: `decrypt` and `encrypt` of a named key. */
const askVault: BuildKmsRequest = async (operation, settings) => {
  const { VAULT_ADDR, VAULT_TOKEN } = need(settings, 'VAULT_ADDR', 'VAULT_TOKEN');
  const { VAULT_NAMESPACE, VAULT_TRANSIT_MOUNT: mount, VAULT_TRANSIT_KEY: key } = settings;
  const answer = jsonText(
    z.object({ data: z.object({ plaintext: z.string().optional(), ciphertext: z.string().optional() }) }),
  );
  return {
    url: `${VAULT_ADDR.replace(/\/$/, '')}/v1/${mount}/${operation.kind}/${encodeURIComponent(key)}`,
    headers: {
      'content-type': 'application/json',
      'x-vault-token': VAULT_TOKEN,
      'x-vault-request': 'true',
      ...(VAULT_NAMESPACE === undefined ? {} : { 'x-vault-namespace': VAULT_NAMESPACE }),
    },
    body: JSON.stringify(
      operation.kind === 'decrypt'
        ? { ciphertext: operation.ciphertext }
        : { plaintext: operation.plaintext },
    ),
    read: (text) => {
      const data = answer.safeParse(text).data?.data;
      return (operation.kind === 'decrypt' ? data?.plaintext : data?.ciphertext) ?? null;
    },
    // Its errors are sentences, which may quote what was sent.
    readError: () => null,
  };
};

const blobs = z.object({ Plaintext: z.string().optional(), CiphertextBlob: z.string().optional() });
const errorCode = z.string().regex(/^[A-Za-z0-9.#_]{1,100}$/);

function pick(operation: KmsOperation, answer: z.infer<typeof blobs> | undefined): string | null {
  return (operation.kind === 'decrypt' ? answer?.Plaintext : answer?.CiphertextBlob) ?? null;
}

function bodyOf(operation: KmsOperation): object {
  if (operation.kind === 'decrypt') return { CiphertextBlob: operation.ciphertext };
  if (operation.keyId === undefined)
    throw new KmsSettingMissing('name the key of the service with --kms-key');
  return { KeyId: operation.keyId, Plaintext: operation.plaintext };
}

export const buildKmsRequest: Readonly<Record<KmsProvider, BuildKmsRequest>> = {
  tencent: askTencent,
  aws: askAws,
  vault: askVault,
};
