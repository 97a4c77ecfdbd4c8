import type { ComponentChildren } from 'preact';
import { call } from '../api.tsx';
import { changes, operator, type Result, result } from '../state.tsx';
import { texts } from '../texts/texts.tsx';

/** What came of an action, beside its button. It is always there, so that what appears in it is read out. */
export function ActionResult({ place }: { readonly place: string }) {
  const shown = result.value?.place === place ? result.value : null;
  return (
    <span class={`result ${shown?.tone ?? ''}`} role="status">
      {shown?.text}
    </span>
  );
}

/** What to say of it: a change that was made may have shown that something is wrong. */
export type Done<T> = string | ((value: T) => string | Omit<Result, 'place'>);

/** Makes a change and says what came of it, at the place of its button. */
export async function perform<T>(
  place: string,
  change: {
    readonly method?: 'POST' | 'PATCH' | 'DELETE';
    readonly path: string;
    readonly body?: object | undefined;
    readonly done: Done<T>;
  },
): Promise<T | null> {
  const answer = await call<T>(change.method ?? 'POST', change.path, change.body);
  if (!answer.ok) {
    result.value = { place, tone: 'failed', text: texts.value.failed(answer.reason) };
    return null;
  }
  const { done } = change;
  const said = typeof done === 'function' ? done(answer.value) : done;
  result.value = { place, ...(typeof said === 'string' ? { tone: 'done', text: said } : said) };
  changes.value += 1;
  return answer.value;
}

interface ActionProps {
  readonly onClick?: () => void;
  readonly submit?: boolean;
  readonly loud?: boolean;
  readonly disabled?: boolean;
  /** For a button that stands in each row of a table. */
  readonly label?: string | undefined;
  /** For a button that shows and hides something: whether it is shown. */
  readonly expanded?: boolean;
  readonly children: ComponentChildren;
}

/** A button that changes something: a read-only operator sees it and cannot press it. */
export function Action({
  onClick,
  submit = false,
  loud = false,
  disabled = false,
  label,
  expanded,
  children,
}: ActionProps) {
  const readOnly = operator.value?.readOnly === true;
  return (
    <button
      type={submit ? 'submit' : 'button'}
      class={loud ? '' : 'quiet'}
      disabled={disabled || readOnly}
      aria-label={label}
      aria-expanded={expanded}
      title={readOnly ? texts.value.shell.readOnly : undefined}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
