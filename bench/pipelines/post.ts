import { request } from 'undici';

/** @throws Error unless the status is 2xx */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  content: string,
): Promise<unknown> {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: content,
  });
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`Cannot post: status must be 2xx, received ${statusCode}`);
  return text === '' ? null : JSON.parse(text);
}
