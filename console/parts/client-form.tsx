import type { TargetedEvent } from 'preact';
import type { ConsoleClient } from '../../shared/contract/console.ts';
import { texts } from '../texts/texts.tsx';
import { Amount, readAmount } from './fields.tsx';
import { Action, ActionResult } from './result.tsx';

export interface ClientSettings {
  readonly name: string;
  readonly weight: number;
  readonly callbackUrl: string | null;
  readonly allowedOrigins: readonly string[];
}

/** What a client has besides, once it is known. */
export interface ClientLimits {
  readonly maxWaiting: number | null;
  readonly budgetDay: number | null;
  readonly budgetMonth: number | null;
  readonly budgetMode: string;
}

interface ClientFormProps {
  readonly place: string;
  readonly confirm: string;
  /** What stands now. */
  readonly client?: ConsoleClient;
  /** @returns whether it was taken */
  readonly save: (settings: ClientSettings | (ClientSettings & ClientLimits)) => Promise<boolean>;
}

const DEFAULT_WEIGHT = 100;

/** What the form of a known client shows before anything is typed. */
export function settingsOf({
  name,
  weight,
  callbackUrl,
  allowedOrigins,
  maxWaiting,
  budget,
}: ConsoleClient): ClientSettings & ClientLimits {
  return {
    ...{ name, weight, callbackUrl, allowedOrigins, maxWaiting },
    budgetDay: budget?.day?.limit ?? null,
    budgetMonth: budget?.month?.limit ?? null,
    budgetMode: budget?.mode ?? 'hard',
  };
}

/** Name, weight, callback and origins of a client, new or known. */
export function ClientForm({ place, confirm, client, save }: ClientFormProps) {
  const t = texts.value.clients;
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const settings = readSettings(given);
    const isSaved = await save(client === undefined ? settings : { ...settings, ...readLimits(given) });
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
      {client && <Limits settings={settingsOf(client)} />}
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

function readLimits(form: FormData): ClientLimits {
  return {
    maxWaiting: readAmount(form, 'maxWaiting'),
    budgetDay: readAmount(form, 'budgetDay'),
    budgetMonth: readAmount(form, 'budgetMonth'),
    budgetMode: String(form.get('budgetMode') ?? 'hard'),
  };
}

function Limits({
  settings: { maxWaiting, budgetDay, budgetMonth, budgetMode },
}: {
  readonly settings: ClientLimits;
}) {
  const t = texts.value.clients;
  return (
    <>
      <Amount name="maxWaiting" label={t.maxWaiting} help={t.maxWaitingHelp} min={0} value={maxWaiting} />
      <Amount name="budgetDay" label={t.budgetDay} help={t.budgetHelp} min={1} value={budgetDay} />
      <Amount name="budgetMonth" label={t.budgetMonth} help="" min={1} value={budgetMonth} />
      <label>
        {t.budgetMode}
        <select name="budgetMode" value={budgetMode}>
          <option value="hard">{t.hard}</option>
          <option value="warn">{t.warn}</option>
        </select>
      </label>
    </>
  );
}
