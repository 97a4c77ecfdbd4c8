import { Agent, request } from 'undici';
import { encodeSubmission } from '../../client/submission-body.ts';
import { SUBMITTERS, serveSubmissions, submitUntilAccepted } from '../chain/submitter-process.ts';
import { makeJpeg, makePerson } from '../made-up-person.ts';

export interface HttpSubmitterOrders {
  readonly url: string;
  readonly apiKey: string;
  readonly body: 'json' | 'form';
  readonly photoBytes: number;
}

/*
 * Submits over HTTP, to Veriqueue and to a pipeline's front alike: the body as Veriqueue's client makes it, sent by undici,
 * without what that client adds. A refusal that asks for a repeat is repeated, and counted.
 *
 * A process of its own. Its orders come as one JSON argument.
 */
const orders: HttpSubmitterOrders = JSON.parse(process.argv[2] ?? '');
const photo = makeJpeg(orders.photoBytes);
const dispatcher = new Agent({ connections: SUBMITTERS });
const BOUNDARY = 'veriqueue-bench-5b0c2d7e';

const encode = (serial: number) =>
  encodeSubmission(
    makePerson(serial),
    orders.body === 'json'
      ? { form: 'base64', text: photo.toString('base64') }
      : { form: 'bytes', chunks: [photo] },
    BOUNDARY,
  );

async function send(serial: number): Promise<boolean> {
  const { contentType, body } = encode(serial);
  const answer = await request(`${orders.url}/v1/verifications`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': contentType, authorization: `Bearer ${orders.apiKey}` },
    body,
  });
  await answer.body.text();
  if (answer.statusCode === 202) return true;
  if (answer.statusCode === 503 || answer.statusCode === 429) return false;
  throw new Error(`Cannot submit: the answer must be 202, received ${answer.statusCode}`);
}

serveSubmissions((serial) => submitUntilAccepted(() => send(serial)));
