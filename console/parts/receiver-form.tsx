import type { TargetedEvent } from 'preact';
import type { Endpoint } from '../../shared/contract/endpoint.ts';
import type { ReceiverAuth } from '../../shared/contract/receiver-auth.ts';
import { texts } from '../texts/texts.tsx';
import { Action, ActionResult } from './result.tsx';

/** A client's endpoint, or one of the operators, which is sent nothing beside the signature. */
export interface ShownEndpoint extends Omit<Endpoint, 'types' | 'auth'> {
  readonly types: readonly string[];
  readonly auth?: ReceiverAuth | null;
}

export interface ReceiverSettings {
  readonly url: string;
  readonly types: readonly string[];
  readonly ratePerSecond: number | null;
}

interface ReceiverFormProps {
  /** What stands now; left out for a new one. */
  readonly endpoint?: ShownEndpoint;
  /** The types of event that it may be sent. */
  readonly choices: readonly string[];
  /** Those that a new one is sent unless it is said otherwise. @default all choices */
  readonly chosen?: readonly string[];
  /** Which URLs are allowed. @default for a client's endpoint */
  readonly urlHelp?: string;
  /** Where what came of it is said. */
  readonly place: string;
  readonly confirm: string;
  readonly save: (settings: ReceiverSettings) => Promise<void>;
}

/** Where an endpoint is, which events it gets, and how many a second. */
export function ReceiverForm(props: ReceiverFormProps) {
  const { endpoint, choices, chosen = choices, urlHelp, place, confirm, save } = props;
  const t = texts.value.receivers;
  const types = endpoint?.types ?? chosen;
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    await save(readSettings(new FormData(event.currentTarget)));
  };
  return (
    <form class="settings" onSubmit={submit}>
      <label class="broad">
        {t.url}
        <input
          name="url"
          type="url"
          required
          maxLength={2_048}
          defaultValue={endpoint?.url ?? ''}
          spellcheck={false}
        />
        <span class="help">{urlHelp ?? t.urlHelp}</span>
      </label>
      <fieldset class="choice broad">
        <legend>{t.types}</legend>
        {choices.map((type) => (
          <label key={type} class="option code">
            <input type="checkbox" name="types" value={type} defaultChecked={types.includes(type)} />
            {type}
          </label>
        ))}
      </fieldset>
      <label>
        {t.rate}
        <input
          name="rate"
          type="number"
          min={0.1}
          max={1_000}
          step="any"
          defaultValue={endpoint?.ratePerSecond == null ? '' : String(endpoint.ratePerSecond)}
        />
        <span class="help">{t.rateHelp}</span>
      </label>
      <p class="actions broad">
        <ActionResult place={place} />
        <Action submit>{confirm}</Action>
      </p>
    </form>
  );
}

function readSettings(form: FormData): ReceiverSettings {
  const rate = String(form.get('rate') ?? '').trim();
  return {
    url: String(form.get('url') ?? '').trim(),
    types: form.getAll('types').map(String),
    ratePerSecond: rate === '' ? null : Number(rate),
  };
}
