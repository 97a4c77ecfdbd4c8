import { type Signal, useSignal } from '@preact/signals';
import type { ConsoleDeadLetterPage } from '../../shared/contract/console.ts';
import { clients, nameOfClient } from '../clients.tsx';
import { formatNumber } from '../format.ts';
import { hrefOf } from '../route.ts';
import { route, snapshot } from '../state.tsx';
import { texts, wordOf } from '../texts/texts.tsx';
import { ask } from './confirm.tsx';
import { Choice, Field } from './fields.tsx';
import { usePagedList } from './list.tsx';
import { Action, ActionResult, perform } from './result.tsx';
import { ClientName, ShortId, Time } from './words.tsx';

type DeadLetter = ConsoleDeadLetterPage['data'][number];
type Chosen = Signal<ReadonlySet<string>>;

/** Events that were given up: by client and endpoint, with the last answer, to be sent again. */
export function DeadLetters() {
  const { query } = route.value;
  const total = snapshot.value?.deliveries.deadLetters ?? 0;
  const chosen: Chosen = useSignal<ReadonlySet<string>>(new Set());
  const search = new URLSearchParams({ limit: '25', ...pick(query) });
  const { rows, page, failure, isReading, readMore } = usePagedList<DeadLetter, ConsoleDeadLetterPage>(
    `/dead-letters?${search}`,
    // Read again when their number changes.
    total,
  );
  const t = texts.value.deliveries;
  return (
    <section class="panel" aria-labelledby="dead-letters">
      <div class="heading">
        <h2 id="dead-letters">
          {t.deadLetters} <span class="unit">{formatNumber(total)}</span>
        </h2>
        <Filter query={query} />
      </div>
      {failure !== '' && <p class="failure">{failure}</p>}
      {rows.length > 0 && <Table rows={rows} chosen={chosen} />}
      {rows.length === 0 && !isReading && (
        <p class="none">{total === 0 ? t.noDead : texts.value.list.nothing}</p>
      )}
      <Buttons chosen={chosen} rows={rows} client={query['client']} />
      {page?.nextCursor && (
        <p class="actions">
          <button type="button" class="quiet" onClick={readMore}>
            {texts.value.more}
          </button>
        </p>
      )}
    </section>
  );
}

function pick({ client, origin }: Readonly<Record<string, string>>): Record<string, string> {
  return { ...(client ? { client } : {}), ...(origin ? { origin } : {}) };
}

function Filter({ query }: { readonly query: Readonly<Record<string, string>> }) {
  const t = texts.value.list;
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const read = (name: string) => String(form.get(name) ?? '').trim();
        location.hash = hrefOf('deliveries', null, { client: read('client'), origin: read('origin') });
      }}
      onChange={(event) => event.currentTarget.requestSubmit()}
    >
      <Choice
        name="client"
        label={t.client}
        value={query['client']}
        choices={(clients.value ?? []).map(({ id, name }) => [id, name])}
      />
      <Field name="origin" label={t.endpoint} value={query['origin']} />
    </form>
  );
}

function Table({ rows, chosen }: { readonly rows: readonly DeadLetter[]; readonly chosen: Chosen }) {
  const t = texts.value;
  const choose = (ids: readonly string[], isChosen: boolean) => {
    const next = new Set(chosen.value);
    for (const id of ids) isChosen ? next.add(id) : next.delete(id);
    chosen.value = next;
  };
  return (
    <div class="table">
      <table>
        <caption class="unseen">{t.deliveries.deadCaption}</caption>
        <thead>
          <tr>
            <th scope="col">
              <input
                type="checkbox"
                aria-label={t.deliveries.chooseAll}
                checked={rows.every(({ id }) => chosen.value.has(id))}
                onChange={(event) => {
                  event.stopPropagation();
                  choose(
                    rows.map(({ id }) => id),
                    event.currentTarget.checked,
                  );
                }}
              />
            </th>
            <th scope="col">{t.list.verification}</th>
            <th scope="col" class="roomy">
              {t.list.client}
            </th>
            <th scope="col" class="roomy">
              {t.list.endpoint}
            </th>
            <th scope="col">{t.deliveries.lastAnswer}</th>
            <th scope="col" class="roomy">
              {t.deliveries.died}
            </th>
            <th scope="col">
              <span class="unseen">{t.deliveries.action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.id}
              row={row}
              isChosen={chosen.value.has(row.id)}
              choose={(is) => choose([row.id], is)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly row: DeadLetter;
  readonly isChosen: boolean;
  readonly choose: (isChosen: boolean) => void;
}

function Row({ row: { id, clientId, origin, latest, diedAt }, isChosen, choose }: RowProps) {
  const t = texts.value;
  const answer =
    latest === null ? '–' : String(latest.status ?? wordOf(latest.errorClass ?? t.detail.noResponse));
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          aria-label={t.deliveries.choose(id)}
          checked={isChosen}
          onChange={(event) => choose(event.currentTarget.checked)}
        />
      </td>
      <th scope="row">
        <ShortId id={id} label={t.list.verification} />
      </th>
      <td class="roomy">
        <ClientName id={clientId} />
      </td>
      <td class="roomy">{origin ?? t.deliveries.noCallback}</td>
      <td class="code">{answer}</td>
      <td class="roomy">
        <Time at={diedAt} />
      </td>
      <td class="action">
        <Action label={t.deliveries.redeliverName(id)} onClick={() => redeliver([id])}>
          {t.detail.redeliver}
        </Action>
      </td>
    </tr>
  );
}

async function redeliver(ids: readonly string[]): Promise<void> {
  const t = texts.value.deliveries;
  await perform<{ redelivered: number; leftAlone: number }>('dead-letters', {
    path: '/dead-letters/redeliver',
    body: { ids },
    done: ({ redelivered, leftAlone }) =>
      t.redeliveredSome(formatNumber(redelivered), formatNumber(leftAlone)),
  });
}

interface ButtonsProps {
  readonly chosen: Chosen;
  readonly rows: readonly DeadLetter[];
  readonly client: string | undefined;
}

function Buttons({ chosen, rows, client }: ButtonsProps) {
  const t = texts.value.deliveries;
  const ids = rows.map(({ id }) => id).filter((id) => chosen.value.has(id));
  const askForAll = () =>
    ask({
      place: 'dead-letters',
      title: t.redeliverAllTitle,
      consequence: t.redeliverAllConsequence,
      confirm: t.redeliverAllConfirm,
      path: '/dead-letters/redeliver',
      body: () => (client ? { client } : {}),
      done: t.redeliverAllDone,
    });
  return (
    <p class="actions">
      <ActionResult place="dead-letters" />
      {rows.length > 0 && (
        <>
          <Action disabled={ids.length === 0} onClick={() => redeliver(ids)}>
            {ids.length === 0 ? t.redeliverNone : t.redeliverChosen(formatNumber(ids.length))}
          </Action>
          <Action onClick={askForAll}>
            {client ? t.redeliverAllOf(nameOfClient(client)) : t.redeliverAll}
          </Action>
        </>
      )}
    </p>
  );
}
