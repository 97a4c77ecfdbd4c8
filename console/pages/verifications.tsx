import type { TargetedEvent } from 'preact';
import type { ConsoleFilteredPage, ConsoleVerification } from '../../shared/contract/console.ts';
import { clients } from '../clients.tsx';
import { deliveryStatuses } from '../delivery-statuses.ts';
import { toParameters } from '../filter-parameters.ts';
import { formatInstant, formatNumber } from '../format.ts';
import { Choice, Field } from '../parts/fields.tsx';
import { usePagedList } from '../parts/list.tsx';
import { VerificationTable } from '../parts/verification-table.tsx';
import { timeZone } from '../preferences.tsx';
import { hrefOf } from '../route.ts';
import { route, snapshot } from '../state.tsx';
import { texts, wordOf } from '../texts/texts.tsx';

const STATUSES = [
  ...['queued', 'held', 'verifying', 'retrying', 'deferred', 'completed', 'failed', 'cancelled'],
  ...['match', 'no_match', 'unverifiable', 'error'],
];
const NAMES = ['status', 'delivery', 'code', 'client', 'origin'] as const;
const TIMES = ['from', 'before'] as const;
const FILTERS = [...NAMES, ...TIMES];

/** Every verification, by what it is looked for. The filters stand in the address, so a view can be sent to a colleague. */
export function Verifications() {
  const { query } = route.value;
  const { rows, page, failure, isReading, readMore } = usePagedList<ConsoleVerification, ConsoleFilteredPage>(
    `/verifications?${toParameters(query, { names: ['search', ...NAMES], times: TIMES })}`,
  );
  const t = texts.value.list;
  const isFiltered = query['search'] !== undefined || FILTERS.some((name) => query[name]);
  return (
    <section class="panel list" aria-labelledby="found">
      <Filters query={query} />
      <div class="heading">
        <h2 id="found">{query['search'] === undefined ? t.latest : t.found(query['search'])}</h2>
        {isFiltered && <a href={hrefOf('verifications')}>{t.clear}</a>}
      </div>
      <p class="help" role="status">
        {failure}
      </p>
      <VerificationTable
        rows={rows}
        none={isReading || page?.nextCursor !== null ? '' : isFiltered ? t.nothing : t.none}
      />
      {!isReading && <Rest page={page} readMore={readMore} />}
    </section>
  );
}

interface RestProps {
  readonly page: ConsoleFilteredPage | null;
  readonly readMore: () => Promise<void>;
}

/** What is beyond the rows. */
function Rest({ page, readMore }: RestProps) {
  const t = texts.value.list;
  const isCutShort = page !== null && page.nextCursor !== null && page.data.length < 25;
  return (
    <>
      {isCutShort && page.searchedBack !== null && (
        <p class="none">
          {t.nothingYet(formatNumber(page.searched), formatInstant(page.searchedBack, timeZone()))}
        </p>
      )}
      {page?.nextCursor && (
        <p class="actions">
          <button type="button" class="quiet" onClick={readMore}>
            {isCutShort ? t.goOn : texts.value.more}
          </button>
        </p>
      )}
    </>
  );
}

function Filters({ query }: { readonly query: Readonly<Record<string, string>> }) {
  const t = texts.value.list;
  const codes = snapshot.value?.today.outcomes.map(({ code }) => code) ?? [];
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const chosen = Object.fromEntries(FILTERS.map((name) => [name, String(form.get(name) ?? '').trim()]));
    location.hash = hrefOf('verifications', null, chosen);
  };
  return (
    <form class="filters" onSubmit={submit} onChange={(event) => event.currentTarget.requestSubmit()}>
      <Choice
        name="status"
        label={t.status}
        value={query['status']}
        choices={STATUSES.map((each) => [each, wordOf(each)])}
      />
      <Choice
        name="delivery"
        label={t.delivery}
        value={query['delivery']}
        choices={deliveryStatuses.map((each) => [each, wordOf(each)])}
      />
      <Choice
        name="client"
        label={t.client}
        value={query['client']}
        choices={(clients.value ?? []).map(({ id, name }) => [id, name])}
      />
      <Field name="code" label={t.code} value={query['code']} list={codes} />
      <Field name="origin" label={t.endpoint} value={query['origin']} />
      <Field name="from" label={t.from} value={query['from']} type="datetime-local" />
      <Field name="before" label={t.before} value={query['before']} type="datetime-local" />
      <button type="submit" class="quiet">
        {t.filter}
      </button>
    </form>
  );
}
