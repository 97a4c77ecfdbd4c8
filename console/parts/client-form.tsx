import type { TargetedEvent } from 'preact';
import type { ConsoleClient } from '../../shared/contract/console.ts';
import { texts } from '../texts/texts.tsx';
import { Action, ActionResult } from './result.tsx';

export interface ClientSettings {
  readonly name: string;
  readonly weight: number;
  readonly callbackUrl: string | null;
  readonly allowedOrigins: readonly string[];
}

interface ClientFormProps {
  readonly place: string;
  readonly confirm: string;
  /** What stands now. */
  readonly client?: ConsoleClient;
  /** @returns whether it was taken */
  readonly save: (settings: ClientSettings) => Promise<boolean>;
}

const DEFAULT_WEIGHT = 100;

/** Name, weight, callback and origins of a client, new or known. */
export function ClientForm({ place, confirm, client, save }: ClientFormProps) {
  const t = texts.value.clients;
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const isSaved = await save(readSettings(new FormData(form)));
    if (isSaved && client === undefined) form.reset();
  };
  return (
    <form class="settings" onSubmit={submit}>
      <label>
        {t.clientName}
        <input name="name" required maxLength={200} defaultValue={client?.name ?? ''} autocomplete="off" />
      </label>
      <label>
        {t.weight}
        <input
          name="weight"
          type="number"
          min={1}
          max={1000}
          required
          defaultValue={String(client?.weight ?? DEFAULT_WEIGHT)}
        />
        <span class="help">{t.weightHelp}</span>
      </label>
      <label class="broad">
        {t.callback}
        <input name="callbackUrl" type="url" maxLength={2048} defaultValue={client?.callbackUrl ?? ''} />
        <span class="help">{t.callbackHelp}</span>
      </label>
      <label class="broad">
        {t.origins}
        <textarea
          name="origins"
          rows={3}
          defaultValue={client?.allowedOrigins.join('\n') ?? ''}
          spellcheck={false}
        />
        <span class="help">{t.originsHelp}</span>
      </label>
      <p class="actions broad">
        <ActionResult place={place} />
        <Action submit loud>
          {confirm}
        </Action>
      </p>
    </form>
  );
}

function readSettings(form: FormData): ClientSettings {
  const read = (name: string) => String(form.get(name) ?? '').trim();
  return {
    name: read('name'),
    weight: Number(read('weight')),
    callbackUrl: read('callbackUrl') || null,
    allowedOrigins: read('origins')
      .split(/\s+/)
      .filter((origin) => origin !== ''),
  };
}
