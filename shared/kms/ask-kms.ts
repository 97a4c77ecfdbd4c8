import { buildKmsRequest, type KmsOperation, type KmsProvider, KmsSettingMissing } from './kms-request.ts';
import type { KmsSettings } from './kms-settings.ts';

export type KmsAnswer =
  | { readonly ok: true; readonly value: string }
  /** What went wrong and what to do, as the end of a sentence; neither a key nor a credential is in it. */
  | { readonly ok: false; readonly reason: string };

export interface KmsDeps {
  readonly settings: KmsSettings;
  readonly fetch: typeof globalThis.fetch;
  /** ms epoch */
  readonly now: () => number;
}

/** An answer is a key of a few hundred bytes. */
const MOST_CHARACTERS = 65_536;

/** Asks a key management service once, for `KMS_TIMEOUT` at most. Never rejects. */
export async function askKms(
  { settings, fetch, now }: KmsDeps,
  provider: KmsProvider,
  operation: KmsOperation,
): Promise<KmsAnswer> {
  try {
    const request = await buildKmsRequest[provider](operation, settings, now());
    const answer = await fetch(request.url, {
      method: 'POST',
      headers: request.headers,
      body: request.body,
      // Credentials and keys go to the configured address alone.
      redirect: 'error',
      signal: AbortSignal.timeout(settings.KMS_TIMEOUT),
    });
    const text = (await answer.text()).slice(0, MOST_CHARACTERS);
    const code = request.readError(text);
    const value = answer.ok && code === null ? request.read(text) : null;
    return value === null ? { ok: false, reason: describeRefusal(answer.status, code) } : { ok: true, value };
  } catch (error) {
    return { ok: false, reason: describeFailure(error, settings.KMS_TIMEOUT) };
  }
}

function describeRefusal(status: number, code: string | null): string {
  const what = code === null ? `the service answered ${status}` : `the service answered ${status} ${code}`;
  return `${what}. Check its credentials, its region and that they may use the key that made the entry`;
}

function describeFailure(error: unknown, timeoutMs: number): string {
  if (error instanceof KmsSettingMissing) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `the service did not answer within ${timeoutMs} ms (KMS_TIMEOUT). Check its address and the network`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return `the service cannot be reached${code}. Check its address and the network`;
}
