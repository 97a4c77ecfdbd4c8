import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { EnvironmentError } from '../../../shared/config/environment.ts';
import { openKmsKeys } from '../../../shared/kms/open-kms-keys.ts';
import { opensAnything, parseKeyRing } from '../../../shared/sealing/key-ring.ts';
import { runCli, runJson } from '../../cli/run-cli.ts';
import { SECRETS, startKmsStandIns } from '../../support/kms-stand-ins.ts';

let services: Awaited<ReturnType<typeof startKmsStandIns>>;
let environment: Record<string, string>;

beforeAll(async () => {
  services = await startKmsStandIns();
  environment = {
    ...SECRETS,
    KMS_TENCENT_ENDPOINT: services.tencent.url,
    AWS_ENDPOINT_URL_KMS: services.aws.url,
    VAULT_ADDR: services.vault.url,
  };
});
afterEach(() => {
  for (const service of Object.values(services)) {
    service.failure = null;
    service.asked.length = 0;
  }
});
afterAll(() => Promise.all(Object.values(services ?? {}).map((service) => service.close())));

interface Generated {
  readonly worker: string;
  readonly producer: string;
}
const generate = (provider: string) =>
  runJson<Generated>(['keys', 'generate', '--kms', provider, '--kms-key', 'alias/veriqueue'], environment);

/** @returns what a process reports that does not start */
async function failureOf(keys: string, more: Record<string, string> = {}): Promise<string> {
  const opening = openKmsKeys({ ...environment, ...more, VERIQUEUE_KEYS: keys });
  const error = await opening.then(
    () => expect.fail('it must not be opened'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EnvironmentError);
  return error instanceof EnvironmentError ? error.message : '';
}

test.each([
  ['tencent', ['Encrypt 2019-01-18 ap-guangzhou', 'Decrypt 2019-01-18 ap-guangzhou']],
  ['aws', ['TrentService.Encrypt', 'TrentService.Decrypt']],
  ['vault', ['POST /v1/transit/encrypt/veriqueue', 'POST /v1/transit/decrypt/veriqueue']],
] as const)('keys that %s has encrypted are opened at start, once each', async (provider, asked) => {
  const made = await generate(provider);
  expect(made.worker).toMatch(new RegExp(`^kms:${provider}:`));
  expect(made.producer).toMatch(new RegExp(`^x[0-9a-f]{16}:x25519-public:[^,]+,kms:${provider}:`));
  const opened = await openKmsKeys({ ...environment, VERIQUEUE_KEYS: `${made.worker}, ${made.producer}` });
  expect(services[provider].asked).toEqual([asked[0], asked[0], asked[1], asked[1]]);
  const [worker = '', publicHalf = '', digest = ''] = (opened['VERIQUEUE_KEYS'] ?? '').split(',');
  const ring = parseKeyRing(`${worker},${digest}`);
  expect(ring.ok && opensAnything(ring.keyRing)).toBe(true);
  expect(worker.split(':')[0]).toBe(publicHalf.split(':')[0]);
});

test('an environment without such an entry asks nothing', async () => {
  const plain = { VERIQUEUE_KEYS: 'k1:AAAA', VAULT_ADDR: 'no url' };
  const fetch = () => expect.fail('it must not be asked');
  expect(await openKmsKeys(plain, { fetch })).toBe(plain);
});

test('every entry that is not opened is named with its reason, and no secret', async () => {
  const { worker } = await generate('aws');
  const keys = `${worker.slice(0, -12)}AAAAAAAAAAA=,kms:vault:vault:v1:AAAA,kms:azure:AAAA,k1:secret-of-ours`;
  const message = await failureOf(keys);
  expect(message).toMatch(
    /entry 1 \(kms:aws\) is not opened: the service answered 400 InvalidCiphertextException\. Check/,
  );
  expect(message).toMatch(/entry 2 \(kms:vault\) is not opened: the service answered 400\. Check/);
  expect(message).toMatch(/entry 3 must be kms:<provider>:<ciphertext>, of tencent, aws, vault/);
  for (const secret of [worker, 'secret-of-ours', ...Object.values(SECRETS).slice(0, 2)]) {
    expect(message).not.toContain(secret);
  }
});

test('wrong credentials, a missing setting, a service that fails or is away each say so', async () => {
  const [tencent, aws, vault] = await Promise.all(['tencent', 'aws', 'vault'].map(generate));
  const failures = await Promise.all([
    failureOf(tencent?.worker ?? '', { KMS_TENCENT_SECRET_KEY: 'wrong' }),
    failureOf(aws?.worker ?? '', { AWS_SECRET_ACCESS_KEY: 'wrong' }),
    failureOf(vault?.worker ?? '', { VAULT_TOKEN: 'wrong' }),
    failureOf(aws?.worker ?? '', { AWS_REGION: '' }),
    failureOf(vault?.worker ?? '', { VAULT_ADDR: 'http://127.0.0.1:1' }),
  ]);
  expect(failures).toEqual([
    expect.stringContaining('answered 200 AuthFailure.SignatureFailure'),
    expect.stringContaining('answered 400 InvalidSignatureException'),
    expect.stringContaining('answered 403'),
    expect.stringContaining('set AWS_REGION'),
    expect.stringContaining('cannot be reached'),
  ]);
  services.vault.failure = 503;
  expect(await failureOf(vault?.worker ?? '')).toContain('answered 503');
  services.vault.failure = 'hang';
  expect(await failureOf(vault?.worker ?? '', { KMS_TIMEOUT: '1s' })).toContain(
    'within 1000 ms (KMS_TIMEOUT)',
  );
});

test('what opens to something else than a key is refused', async () => {
  const { producer } = await generate('vault');
  const entry = producer.split(',')[1] ?? '';
  const { url } = services.vault;
  const answer = await fetch(`${url}/v1/transit/encrypt/veriqueue`, {
    method: 'POST',
    headers: { 'x-vault-token': SECRETS.VAULT_TOKEN },
    body: JSON.stringify({ plaintext: Buffer.from(`k1:AAAA,${entry}`).toString('base64') }),
  });
  const { data } = (await answer.json()) as { data: { ciphertext: string } };
  expect(await failureOf(`kms:vault:${data.ciphertext}`)).toContain('must open to one key');
});

test('keys generate says why a service has not encrypted, and prints no key', async () => {
  const refused = await runCli(['keys', 'generate', '--kms', 'aws'], environment);
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toMatch(
    /^error: The key is not encrypted: name the key of the service with --kms-key/,
  );
});
