import type { ComponentChildren } from 'preact';
import { call } from '../api.tsx';
import { changes, operator, result } from '../state.tsx';
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

/** Makes a change and says what came of it, at the place of its button. */
export async function perform<T>(
  place: string,
  change: {
    readonly method?: 'POST' | 'PATCH' | 'DELETE';
    readonly path: string;
    readonly body?: object | undefined;
    readonly done: string | ((value: T) => string);
  },
): Promise<T | null> {
  const answer = await call<T>(change.method ?? 'POST', change.path, change.body);
  if (!answer.ok) {
    result.value = { place, tone: 'failed', text: texts.value.failed(answer.reason) };
    return null;
  }
  const { done } = change;
  result.value = { place, tone: 'done', text: typeof done === 'string' ? done : done(answer.value) };
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
  readonly children: ComponentChildren;
}

/** A button that changes something: a read-only operator sees it and cannot press it. */
export function Action({
  onClick,
  submit = false,
  loud = false,
  disabled = false,
  label,
  children,
}: ActionProps) {
  const readOnly = operator.value?.readOnly === true;
  return (
    <button
      type={submit ? 'submit' : 'button'}
      class={loud ? '' : 'quiet'}
      disabled={disabled || readOnly}
      aria-label={label}
      title={readOnly ? texts.value.shell.readOnly : undefined}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
