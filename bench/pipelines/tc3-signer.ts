import { createHash, createHmac } from 'node:crypto';

export interface Tc3Credentials {
  readonly secretId: string;
  readonly secretKey: string;
}

const SERVICE = 'faceid';
const SIGNED = 'content-type;host';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * TC3-HMAC-SHA256. Apart from the worker's, because the careful pipeline stands for code that has nothing of ours; a test holds both to
 * the same headers. The key of a day is kept, as the worker's signer keeps it: otherwise the comparison would favour ours.
 */
export function createTc3Signer({ secretId, secretKey }: Tc3Credentials) {
  let kept: { readonly day: string; readonly key: Buffer } = { day: '', key: Buffer.alloc(0) };
  /** @param now ms epoch */
  return (host: string, body: string, now: number): Record<string, string> => {
    const timestamp = Math.floor(now / 1000);
    const day = new Date(now).toISOString().slice(0, 10);
    if (kept.day !== day) {
      const key = hmac(hmac(hmac(`TC3${secretKey}`, day), SERVICE), 'tc3_request');
      kept = { day, key };
    }
    const canonical = `POST\n/\n\ncontent-type:application/json\nhost:${host}\n\n${SIGNED}\n${sha256(body)}`;
    const scope = `${day}/${SERVICE}/tc3_request`;
    const text = `TC3-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`;
    const signature = hmac(kept.key, text).toString('hex');
    return {
      authorization: `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=${SIGNED}, Signature=${signature}`,
      'x-tc-action': 'ImageRecognitionV2',
      'x-tc-version': '2018-03-01',
      'x-tc-timestamp': String(timestamp),
      'x-tc-region': 'ap-guangzhou',
    };
  };
}
