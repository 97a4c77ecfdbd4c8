import { Agent, request } from 'undici';
import { encodeSubmission } from '../../client/submission-body.ts';
import { makeJpeg, makePerson } from '../made-up-person.ts';

export interface SenderOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly body: 'json' | 'form';
  readonly photoBytes: number;
  /** Connections that are kept. */
  readonly connections: number;
}

/** @returns whether it was accepted; false asks for a repeat */
export type SendSubmission = (serial: number) => Promise<boolean>;

const BOUNDARY = 'veriqueue-bench-5b0c2d7e';

/**
 * Sends the body as Veriqueue's client makes it, by undici, without what that client adds.
 *
 * @throws Error for an answer that neither accepts nor asks for a repeat
 */
export function createSender({
  url,
  apiKey,
  body: form,
  photoBytes,
  connections,
}: SenderOptions): SendSubmission {
  const photo = makeJpeg(photoBytes);
  const dispatcher = new Agent({ connections });
  return async (serial) => {
    const { contentType, body } = encodeSubmission(
      makePerson(serial),
      form === 'json'
        ? { form: 'base64', text: photo.toString('base64') }
        : { form: 'bytes', chunks: [photo] },
      BOUNDARY,
    );
    const answer = await request(`${url}/v1/verifications`, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': contentType, authorization: `Bearer ${apiKey}` },
      body,
    });
    await answer.body.text();
    if (answer.statusCode === 202) return true;
    if (answer.statusCode === 503 || answer.statusCode === 429) return false;
    throw new Error(`Cannot submit: the answer must be 202, received ${answer.statusCode}`);
  };
}
