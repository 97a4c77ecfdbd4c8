import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request of which the first bytes of the body arrive, then something happens, and then the rest arrives. */
export async function sendSlowly(
  url: string,
  { method, apiKey, body }: { readonly method: string; readonly apiKey: string; readonly body: string },
  /** Called once the producer has let the request in and asked for its body. */
  meanwhile: () => Promise<void>,
): Promise<{ readonly status: number | undefined; readonly code: string | undefined }> {
  const sending = request(url, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    },
  });
  sending.flushHeaders();
  await once(sending, 'continue');
  sending.write(body.slice(0, 5));
  await meanwhile();
  sending.end(body.slice(5));
  const [answer] = (await once(sending, 'response')) as [IncomingMessage];
  const { code } = JSON.parse(await text(answer)) as { readonly code?: string };
  return { status: answer.statusCode, code };
}
