import type { TargetedEvent } from 'preact';
import type { ConsoleClient } from '../../shared/contract/console.ts';
import type { ConsoleClientEndpoints } from '../../shared/contract/console-endpoints.ts';
import type { EventDelivery, EventDeliveryPage } from '../../shared/contract/event-delivery.ts';
import { deliveryStatuses } from '../delivery-statuses.ts';
import { toParameters } from '../filter-parameters.ts';
import { DeliveryTable } from '../parts/delivery-table.tsx';
import { Choice, Field } from '../parts/fields.tsx';
import { usePagedList, useRead } from '../parts/list.tsx';
import { SendAgain } from '../parts/receivers.tsx';
import { RedeliverPeriod } from '../parts/redeliver-period.tsx';
import { ActionResult } from '../parts/result.tsx';
import { hrefOf } from '../route.ts';
import { route } from '../state.tsx';
import { texts, wordOf } from '../texts/texts.tsx';

const TIMES = ['submittedFrom', 'submittedBefore'] as const;
const FILTERS = ['endpoint', 'status', ...TIMES] as const;

type Query = Readonly<Record<string, string>>;

/** Where one client's events are on their way to its callback, or to one of its endpoints. The filters stand in the address. */
export function ClientDeliveries({ id }: { readonly id: string }) {
  const path = `/clients/${encodeURIComponent(id)}`;
  const { value: client, failure, status } = useRead<ConsoleClient>(path);
  const { value: receivers } = useRead<ConsoleClientEndpoints>(`${path}/endpoints`);
  const { query } = route.value;
  const t = texts.value.clientDeliveries;
  const problem = status === 404 ? texts.value.notFound : failure;
  return (
    <>
      <article class="panel" aria-labelledby="client-deliveries">
        <p class="back">
          <a href={hrefOf('clients', id)}>← {client?.name ?? id}</a>
        </p>
        <h1 id="client-deliveries" class="title">
          {t.title(client?.name ?? id)}
        </h1>
        {problem === '' ? <p class="help">{t.help}</p> : <p class="failure">{problem}</p>}
      </article>
      {client !== null && receivers !== null && (
        <Found query={query} client={client} path={path} receivers={receivers} />
      )}
      {client !== null && !query['endpoint'] && (
        <RedeliverPeriod client={client} path={path} from={query[TIMES[0]]} until={query[TIMES[1]]} />
      )}
    </>
  );
}

interface FoundProps {
  readonly query: Query;
  readonly client: ConsoleClient;
  /** Of the client, in the console's API. */
  readonly path: string;
  readonly receivers: ConsoleClientEndpoints;
}

function Found({ query, client, path, receivers }: FoundProps) {
  const search = toParameters(query, { names: ['endpoint', 'status'], times: TIMES });
  const list = usePagedList<EventDelivery, EventDeliveryPage>(`${path}/deliveries?${search}`);
  const { rows, page, failure, isReading, readMore } = list;
  const t = texts.value.clientDeliveries;
  const endpoint = receivers.data.find((each) => each.id === query['endpoint']);
  const to = query['endpoint'] ? (endpoint?.url ?? query['endpoint']) : texts.value.receivers.callback;
  const isFiltered = FILTERS.some((name) => query[name]);
  const isOver = page !== null && page.nextCursor === null;
  return (
    <section class="panel" aria-labelledby="delivered">
      <Filters query={query} client={client} receivers={receivers} />
      <div class="heading">
        <h2 id="delivered" class="title">
          {t.to(to)}
        </h2>
        {endpoint && <SendAgain endpoint={endpoint} path={`${path}/endpoints/${endpoint.id}`} />}
        {isFiltered && <a href={hrefOf('clients', client.id, {}, 'deliveries')}>{texts.value.list.clear}</a>}
      </div>
      {endpoint && <ActionResult place={endpoint.id} />}
      <p class="help" role="status">
        {failure}
      </p>
      <DeliveryTable caption={t.to(to)} rows={failure === '' ? rows : []} />
      {rows.length === 0 && !isReading && failure === '' && (
        <p class="none">{isOver ? (isFiltered ? texts.value.list.nothing : t.none) : t.nothingYet}</p>
      )}
      {page?.nextCursor && !isReading && (
        <p class="actions">
          <button type="button" class="quiet" onClick={readMore}>
            {page.data.length === 0 ? texts.value.list.goOn : texts.value.more}
          </button>
        </p>
      )}
    </section>
  );
}

function Filters({ query, client, receivers }: Omit<FoundProps, 'path'>) {
  const t = texts.value;
  const chosen = query['endpoint'] ?? '';
  const known = receivers.data.map(({ id, url }) => [id, url] as const);
  // One that was removed meanwhile is still what the address asks for.
  const isUnknown = chosen !== '' && !known.some(([id]) => id === chosen);
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = Object.fromEntries(FILTERS.map((name) => [name, String(form.get(name) ?? '')]));
    location.hash = hrefOf('clients', client.id, given, 'deliveries');
  };
  return (
    <form class="filters" onSubmit={submit} onChange={(event) => event.currentTarget.requestSubmit()}>
      <Choice
        name="endpoint"
        label={t.list.endpoint}
        value={chosen}
        none={t.receivers.callback}
        choices={isUnknown ? [...known, [chosen, chosen]] : known}
      />
      <Choice
        name="status"
        label={t.list.status}
        value={query['status']}
        choices={deliveryStatuses.map((each) => [each, wordOf(each)])}
      />
      <Field
        name="submittedFrom"
        label={t.period.from}
        value={query['submittedFrom']}
        type="datetime-local"
      />
      <Field
        name="submittedBefore"
        label={t.period.until}
        value={query['submittedBefore']}
        type="datetime-local"
      />
      <button type="submit" class="quiet">
        {t.list.filter}
      </button>
    </form>
  );
}
