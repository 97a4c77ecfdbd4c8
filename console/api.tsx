import type { Problem } from '../shared/contract/problem.ts';
import { session } from './state.tsx';

/** What a call came to; a session that is over shows the sign-in page, wherever that was noticed. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly reason: string };

export async function call<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer<T>> {
  try {
    const response = await fetch(`/console/api${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (response.ok) return { ok: true, value: (text === '' ? undefined : JSON.parse(text)) as T };
    const { title, code } = JSON.parse(text) as Problem;
    if (code === 'operator_key_required' && path !== '/session') session.value = 'signed_out';
    return { ok: false, status: response.status, reason: title };
  } catch {
    return { ok: false, status: 0, reason: 'The producer does not answer' };
  }
}
