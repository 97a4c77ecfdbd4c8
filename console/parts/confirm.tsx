import { signal } from '@preact/signals';
import type { TargetedEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { texts } from '../texts/texts.tsx';
import { type Done, perform } from './result.tsx';

/** A change that is asked for once more before it is made. */
interface Question {
  /** Where its result is shown. */
  readonly place: string;
  readonly title: string;
  readonly consequence: string;
  /** What an operator must know before this one is done. */
  readonly warnings?: readonly string[];
  readonly confirm: string;
  /** Asks for a line of text. */
  readonly field?: { readonly label: string; readonly help: string; readonly pattern?: string };
  readonly method?: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: (value: string) => object;
  readonly done: Done<never>;
  readonly after?: (value: never) => void;
}

const question = signal<Question | null>(null);

export function ask(asked: Question): void {
  question.value = asked;
}

export function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked) dialog.current?.showModal();
    else dialog.current?.close();
  }, [asked]);

  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!asked) return;
    const value = String(new FormData(event.currentTarget).get('value') ?? '').trim();
    question.value = null;
    const { place, path, body, method = 'POST', done, after } = asked;
    const changed = await perform<never>(place, { method, path, body: body?.(value), done });
    if (changed !== null) after?.(changed);
  };
  const cancel = () => {
    question.value = null;
  };

  return (
    <dialog ref={dialog} onClose={cancel} aria-labelledby="question" aria-describedby="consequence">
      {asked && (
        <form onSubmit={submit}>
          <h2 id="question" class="title">
            {asked.title}
          </h2>
          <div id="consequence">
            <p>{asked.consequence}</p>
            {asked.warnings?.map((warning) => (
              <p key={warning} class="warning">
                {warning}
              </p>
            ))}
          </div>
          {asked.field && (
            <p>
              <label for="value">{asked.field.label}</label>
              <input
                id="value"
                name="value"
                required
                maxLength={200}
                pattern={asked.field.pattern}
                aria-describedby="value-help"
              />
              <span id="value-help" class="help">
                {asked.field.help}
              </span>
            </p>
          )}
          <p class="actions">
            <button type="button" class="quiet" onClick={cancel}>
              {texts.value.cancel}
            </button>
            <button type="submit">{asked.confirm}</button>
          </p>
        </form>
      )}
    </dialog>
  );
}
