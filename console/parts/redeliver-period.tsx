import type { TargetedEvent } from 'preact';
import type { ConsoleClient } from '../../shared/contract/console.ts';
import type { ConsoleRedelivery } from '../../shared/contract/console-redelivery.ts';
import { formatInstant } from '../format.ts';
import { timeZone } from '../preferences.tsx';
import type { Result } from '../state.tsx';
import { texts } from '../texts/texts.tsx';
import { ask } from './confirm.tsx';
import { Action, ActionResult } from './result.tsx';

const PLACE = 'period';

interface Props {
  readonly client: ConsoleClient;
  /** Of the client, in the console's API. */
  readonly path: string;
  /** What is filled in: times of the operator's clock, `2026-03-01T09:30`. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/** For a receiver that lost what it had: all its events of a while again. */
export function RedeliverPeriod({ client, path, from = '', until = '' }: Props) {
  const t = texts.value.period;
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    // The time of the form is that of the operator's clock.
    const read = (name: string) => new Date(String(form.get(name))).toISOString();
    const body = { from: read('from'), until: read('until') };
    const zone = timeZone();
    ask({
      place: PLACE,
      title: t.askTitle(client.name),
      consequence: t.consequence(formatInstant(body.from, zone), formatInstant(body.until, zone)),
      confirm: t.confirm,
      path: `${path}/redeliveries`,
      body: () => body,
      done: describeBeginning,
    });
  };
  return (
    <section class="panel wide" aria-labelledby="period">
      <h2 id="period">{t.title}</h2>
      <p class="help">{t.help}</p>
      <form class="settings" onSubmit={submit}>
        <label>
          {t.from}
          <input name="from" type="datetime-local" defaultValue={from} required />
        </label>
        <label>
          {t.until}
          <input name="until" type="datetime-local" defaultValue={until} required />
        </label>
        <p class="actions broad">
          <ActionResult place={PLACE} />
          <Action submit>{t.send}</Action>
        </p>
      </form>
    </section>
  );
}

function describeBeginning({ status }: ConsoleRedelivery): Omit<Result, 'place'> {
  const t = texts.value.period;
  if (status === 'redelivering') return { tone: 'done', text: t.begun };
  return { tone: 'failed', text: t.underWay };
}
