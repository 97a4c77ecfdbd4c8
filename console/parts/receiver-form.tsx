import type { TargetedEvent } from 'preact';
import type { Endpoint } from '../../shared/contract/endpoint.ts';
import { clientEventTypes, defaultTypes } from '../../shared/contract/event-type.ts';
import { texts } from '../texts/texts.tsx';
import { Action, ActionResult } from './result.tsx';

export interface ReceiverSettings {
  readonly url: string;
  readonly types: readonly string[];
  readonly ratePerSecond: number | null;
}

interface ReceiverFormProps {
  /** What stands now; left out for a new one. */
  readonly endpoint?: Endpoint;
  /** Where what came of it is said, if not elsewhere. */
  readonly place?: string;
  readonly confirm: string;
  readonly save: (settings: ReceiverSettings) => Promise<void>;
}

/** Where an endpoint is, which events it gets, and how many a second. */
export function ReceiverForm({ endpoint, place, confirm, save }: ReceiverFormProps) {
  const t = texts.value.receivers;
  const types: readonly string[] = endpoint?.types ?? defaultTypes;
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
        <span class="help">{t.urlHelp}</span>
      </label>
      <fieldset class="choice broad">
        <legend>{t.types}</legend>
        {clientEventTypes.map((type) => (
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
          step={0.1}
          defaultValue={endpoint?.ratePerSecond == null ? '' : String(endpoint.ratePerSecond)}
        />
        <span class="help">{t.rateHelp}</span>
      </label>
      <p class="actions broad">
        {place !== undefined && <ActionResult place={place} />}
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
