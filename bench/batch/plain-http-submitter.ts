import { serveSubmissions } from '../chain/submitter-process.ts';
import { makeJpeg, makePerson } from '../made-up-person.ts';

export interface PlainHttpOrders {
  readonly url: string;
  readonly apiKey: string;
  readonly photoBytes: number;
}

/*
 * What the server takes from a program that does nothing but submit: `fetch`, the photo in memory, no file, no journal, no
 * key of its own per row. Its orders come as one JSON argument.
 */
const orders: PlainHttpOrders = JSON.parse(process.argv[2] ?? '');
const photo = new Blob([new Uint8Array(makeJpeg(orders.photoBytes))]);

serveSubmissions(async (serial) => {
  const form = new FormData();
  const { idCard, name } = makePerson(serial);
  form.append('idCard', idCard);
  form.append('name', name);
  form.append('priority', 'bulk');
  form.append('image', photo, 'photo.jpg');
  const answer = await fetch(`${orders.url}/v1/verifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${orders.apiKey}` },
    body: form,
  });
  await answer.arrayBuffer();
  if (answer.status !== 202)
    throw new Error(`Cannot submit: the answer must be 202, received ${answer.status}`);
});
