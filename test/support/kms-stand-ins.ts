import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { judgeSignature } from './sigv4-check.ts';

export interface StandIn {
  readonly url: string;
  /** What each request asked for, in the service's words. */
  readonly asked: string[];
  /** `hang`: answers nothing. A number: answers with this status, and an error of the service. */
  failure: 'hang' | number | null;
  close(): Promise<void>;
}

export const SECRETS = {
  KMS_TENCENT_SECRET_ID: 'AKIDtencentexample',
  KMS_TENCENT_SECRET_KEY: 'tencent-secret',
  KMS_TENCENT_REGION: 'ap-guangzhou',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'aws-secret',
  AWS_REGION: 'eu-central-1',
  VAULT_TOKEN: 'hvs.example',
} as const;

const key = randomBytes(32);

function seal(plaintext: Buffer): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]).toString(
    'base64',
  );
}

function open(ciphertext: string): Buffer | null {
  const bytes = Buffer.from(ciphertext, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  } catch {
    return null;
  }
}

type Answer = readonly [status: number, body: object];
type Speak = (request: IncomingMessage, body: Buffer, asked: string[]) => Answer;

/** Signature v3, as its documentation has it: written from the text, of no code of the program. */
function isSignedTc3(request: IncomingMessage, body: Buffer): boolean {
  const { host, authorization = '', 'content-type': type, 'x-tc-timestamp': timestamp } = request.headers;
  const day = new Date(Number(timestamp) * 1000).toISOString().slice(0, 10);
  const hash = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
  const hmac = (by: string | Buffer, text: string) => createHmac('sha256', by).update(text).digest();
  const canonical = `POST\n/\n\ncontent-type:${type}\nhost:${host}\n\ncontent-type;host\n${hash(body)}`;
  const scope = `${day}/kms/tc3_request`;
  const text = `TC3-HMAC-SHA256\n${String(timestamp)}\n${scope}\n${hash(canonical)}`;
  const signing = hmac(hmac(hmac(`TC3${SECRETS.KMS_TENCENT_SECRET_KEY}`, day), 'kms'), 'tc3_request');
  const signature = hmac(signing, text).toString('hex');
  const credential = `${SECRETS.KMS_TENCENT_SECRET_ID}/${scope}`;
  return (
    authorization ===
    `TC3-HMAC-SHA256 Credential=${credential}, SignedHeaders=content-type;host, Signature=${signature}`
  );
}

const speakTencent: Speak = (request, body, asked) => {
  const { 'x-tc-action': action, 'x-tc-version': version, 'x-tc-region': region } = request.headers;
  asked.push(`${String(action)} ${String(version)} ${String(region)}`);
  const refuse = (Code: string): Answer => [
    200,
    { Response: { Error: { Code, Message: 'no' }, RequestId: 'r' } },
  ];
  if (!isSignedTc3(request, body)) return refuse('AuthFailure.SignatureFailure');
  const given = JSON.parse(body.toString()) as Record<string, string>;
  if (action === 'Encrypt') {
    const CiphertextBlob = seal(Buffer.from(given['Plaintext'] ?? '', 'base64'));
    return [200, { Response: { CiphertextBlob, KeyId: given['KeyId'], RequestId: 'r' } }];
  }
  const plaintext = open(given['CiphertextBlob'] ?? '');
  if (plaintext === null) return refuse('InvalidParameterValue.InvalidCiphertext');
  return [200, { Response: { KeyId: 'k', Plaintext: plaintext.toString('base64'), RequestId: 'r' } }];
};

const speakAws: Speak = (request, body, asked) => {
  const { 'x-amz-target': target } = request.headers;
  asked.push(String(target));
  const { method = '', url = '', headers } = request;
  const secrets = { [SECRETS.AWS_ACCESS_KEY_ID]: SECRETS.AWS_SECRET_ACCESS_KEY };
  const wrong = judgeSignature(
    { method, url, headers, body },
    secrets,
    SECRETS.AWS_REGION,
    Date.now(),
    'kms',
  );
  if (wrong !== null) return [400, { __type: 'InvalidSignatureException', message: wrong }];
  const given = JSON.parse(body.toString()) as Record<string, string>;
  if (target === 'TrentService.Encrypt') {
    return [
      200,
      { CiphertextBlob: seal(Buffer.from(given['Plaintext'] ?? '', 'base64')), KeyId: given['KeyId'] },
    ];
  }
  const plaintext = open(given['CiphertextBlob'] ?? '');
  if (plaintext === null) return [400, { __type: 'InvalidCiphertextException' }];
  return [200, { KeyId: 'k', Plaintext: plaintext.toString('base64') }];
};

const speakVault: Speak = (request, body, asked) => {
  asked.push(`${request.method} ${request.url}`);
  if (request.headers['x-vault-token'] !== SECRETS.VAULT_TOKEN)
    return [403, { errors: ['permission denied'] }];
  const given = JSON.parse(body.toString()) as Record<string, string>;
  if (request.url === '/v1/transit/encrypt/veriqueue') {
    const ciphertext = `vault:v1:${seal(Buffer.from(given['plaintext'] ?? '', 'base64'))}`;
    return [200, { data: { ciphertext, key_version: 1 } }];
  }
  const plaintext = open((given['ciphertext'] ?? '').replace(/^vault:v1:/, ''));
  if (plaintext === null) return [400, { errors: ['invalid ciphertext'] }];
  return [200, { data: { plaintext: plaintext.toString('base64') } }];
};

/** Key management services as this program meets them on the wire: they check signatures, and seal for real. */
export async function startKmsStandIns(): Promise<Readonly<Record<'tencent' | 'aws' | 'vault', StandIn>>> {
  const [tencent, aws, vault] = await Promise.all([speakTencent, speakAws, speakVault].map(startStandIn));
  if (!tencent || !aws || !vault) throw new Error('Cannot test: a stand-in is missing');
  return { tencent, aws, vault };
}

async function startStandIn(speak: Speak): Promise<StandIn> {
  const asked: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (standIn.failure === 'hang') return;
    const [status, answer] =
      standIn.failure === null ? speak(request, body, asked) : [standIn.failure, { errors: ['no'] }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const standIn: StandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    failure: null,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return standIn;
}
