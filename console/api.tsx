import type { FieldError, Problem } from '../shared/contract/problem.ts';
import { session } from './state.tsx';
import { textOf, texts } from './texts/texts.tsx';

/** What a call came to; a session that is over shows the sign-in page, wherever that was noticed. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly reason: string };

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export async function call<T>(method: Method, path: string, body?: object): Promise<Answer<T>> {
  try {
    const response = await fetch(`/console/api${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (response.ok) return { ok: true, value: (text === '' ? undefined : JSON.parse(text)) as T };
    const problem = JSON.parse(text) as Problem;
    if (problem.code === 'operator_key_required' && path !== '/session') session.value = 'signed_out';
    return { ok: false, status: response.status, reason: describe(problem) };
  } catch {
    return { ok: false, status: 0, reason: texts.value.noAnswer };
  }
}

/** In the reader's language where there is a text, with the field that is at fault. */
function describe({ code, title, errors = [] }: Problem): string {
  const fields = errors.map(describeField).join(', ');
  return `${textOf(texts.value.problems, code) ?? title}${fields === '' ? '' : ` (${fields})`}`;
}

function describeField({ pointer, code }: FieldError): string {
  const fault = textOf(texts.value.faults, code);
  return `${pointer.slice(1)}${fault === null ? '' : `: ${fault}`}`;
}
