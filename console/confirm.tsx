import { signal } from '@preact/signals';
import type { TargetedEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { call } from './api.tsx';
import { changes, notice } from './state.tsx';

/** A change that is asked for once more before it is made. */
interface Question {
  readonly title: string;
  readonly consequence: string;
  readonly confirm: string;
  /** Asks for a line of text, or to choose one of several. */
  readonly field?: Field;
  readonly path: string;
  readonly body?: (value: string) => object;
  readonly done: string;
}

type Field =
  | { readonly kind: 'text'; readonly label: string; readonly help: string }
  | { readonly kind: 'choice'; readonly label: string; readonly choices: readonly string[] };

const question = signal<Question | null>(null);

export function ask(asked: Question): void {
  question.value = asked;
}

/** Makes a change and says what came of it. */
export async function perform(path: string, body: object | undefined, done: string): Promise<boolean> {
  const answer = await call('POST', path, body);
  notice.value = answer.ok
    ? { tone: 'done', text: done }
    : { tone: 'failed', text: `That did not work: ${answer.reason}.` };
  changes.value += 1;
  return answer.ok;
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
    await perform(asked.path, asked.body?.(value), asked.done);
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
          <p id="consequence">{asked.consequence}</p>
          {asked.field && <Input field={asked.field} />}
          <p class="actions">
            <button type="button" class="quiet" onClick={cancel}>
              Cancel
            </button>
            <button type="submit">{asked.confirm}</button>
          </p>
        </form>
      )}
    </dialog>
  );
}

function Input({ field }: { readonly field: Field }) {
  if (field.kind === 'choice') {
    return (
      <p>
        <label for="value">{field.label}</label>
        <select id="value" name="value" required>
          {field.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      </p>
    );
  }
  return (
    <p>
      <label for="value">{field.label}</label>
      <input id="value" name="value" required maxLength={200} aria-describedby="value-help" />
      <span id="value-help" class="help">
        {field.help}
      </span>
    </p>
  );
}
