import { z } from 'zod';
import type { AccountCredentials } from '../config/account-secrets.ts';
import { resolveOutcome } from '../outcomes/resolve-outcome.ts';
import { IMAGE_RECOGNITION } from './image-recognition.ts';
import { hashPayload, signTc3 } from './tc3-signature.ts';

export interface CheckedAccount {
  readonly endpoint: string;
  readonly region: string | undefined;
  readonly credentials: AccountCredentials;
}

export type AccountCheck =
  /** The upstream knows the credentials, and missed the question, as it should. */
  | { readonly status: 'usable'; readonly code: string }
  /** It turned the account down, or is not the upstream. */
  | { readonly status: 'refused'; readonly code: string; readonly why: string }
  | { readonly status: 'unreachable'; readonly why: string };

const ANSWERS_WITHIN_MS = 10_000;
/** A question without a person: the signature and the account are judged first, and nothing is compared nor billed. */
const NO_QUESTION = '{}';
/** By these the upstream says that it would have gone on. */
const OF_THE_QUESTION =
  /^(?:MissingParameter|InvalidParameter|InvalidParameterValue|FailedOperation)(?:\.|$)/;

const answer = z.object({
  Response: z.object({ Error: z.object({ Code: z.string().regex(/^[\w.]{1,128}$/) }).optional() }),
});

/**
 * Asks the upstream a signed question that it cannot answer, and reads from its refusal whether the account may ask. It costs
 * nothing but a call of the quota.
 *
 * @param now ms epoch
 */
export async function checkAccount(account: CheckedAccount, now: number): Promise<AccountCheck> {
  const code = await ask(account, now).catch((error: unknown) => ({ error }));
  if (typeof code !== 'string') return { status: 'unreachable', why: causeOf(code.error) };
  const { kind, description } = resolveOutcome(code);
  if (kind === 'account_fault') return { status: 'refused', code, why: description };
  if (kind === 'transient' && !OF_THE_QUESTION.test(code)) return { status: 'unreachable', why: code };
  if (kind === 'pace' || OF_THE_QUESTION.test(code)) return { status: 'usable', code };
  return { status: 'refused', code, why: description };
}

/** @returns the upstream's code. @throws when no answer of the upstream's comes */
async function ask({ endpoint, region, credentials }: CheckedAccount, now: number): Promise<string> {
  const url = new URL(endpoint);
  const response = await fetch(url, {
    method: 'POST',
    body: NO_QUESTION,
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    headers: signTc3({
      ...credentials,
      ...IMAGE_RECOGNITION,
      ...(region === undefined ? {} : { region }),
      host: url.host,
      timestamp: Math.floor(now / 1000),
      payloadHash: hashPayload(NO_QUESTION),
    }),
  });
  const parsed = answer.safeParse(await response.json().catch(() => null));
  if (!parsed.success) throw new Error(`HTTP ${response.status}, and no answer of the upstream's`);
  return parsed.data.Response.Error?.Code ?? 'Success';
}

/** Without what was sent. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.name === 'TimeoutError' ? `no answer within ${ANSWERS_WITHIN_MS / 1000} s` : error.message;
}
