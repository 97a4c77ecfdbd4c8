import { causeOf } from '../access/cause-of.ts';
import type { ApiAccess } from '../api-access.ts';
import { type Check, checkClock, ok, problem, skipped } from './check.ts';

const TIMEOUT_MS = 10_000;
const REACH =
  'Check the address (VERIQUEUE_URL, or the profile), that a producer runs there, and what lies between.';

/** Whether the producer answers, takes this API key, and has the right time. */
export async function checkProducer(
  { url, apiKey }: ApiAccess,
  { now, signal }: { readonly now: () => number; readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  try {
    const before = now();
    const response = await fetch(new URL('v1/lane', url.endsWith('/') ? url : `${url}/`), {
      headers: { authorization: `Bearer ${apiKey}` },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    const shown = Date.parse(response.headers.get('date') ?? '');
    const clock = checkClock("producer's clock", shown, { before, after: now(), precisionMs: 1_000 });
    return [ok('producer', `answers at ${new URL(url).origin}`), judgeKey(response.status), clock];
  } catch (error) {
    signal.throwIfAborted();
    const { origin } = new URL(url);
    return [
      problem('producer', `${origin} cannot be reached: ${causeOf(error)}`, REACH),
      skipped('API key', 'the producer cannot be asked'),
    ];
  }
}

function judgeKey(status: number): Check {
  if (status === 200) return ok('API key', 'is accepted');
  if (status === 401) {
    return problem(
      'API key',
      'is refused: it is unknown or revoked, or its client is disabled',
      'Ask an operator: veriqueue client show <client> lists the beginnings of its keys; client rotate-key makes one.',
    );
  }
  if (status === 503) {
    return problem(
      'API key',
      'cannot be checked: the producer has no Redis',
      'See the Redis lines of doctor, on the server.',
    );
  }
  return problem('API key', `cannot be checked: the answer was ${status}, and not of Veriqueue`, REACH);
}
