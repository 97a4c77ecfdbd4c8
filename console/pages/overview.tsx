import { clients } from '../clients.tsx';
import { formatNumber } from '../format.ts';
import { Accounts } from '../parts/accounts.tsx';
import { Backlog } from '../parts/backlog.tsx';
import { Quota } from '../parts/quota.tsx';
import { VerificationTable } from '../parts/verification-table.tsx';
import { Code } from '../parts/words.tsx';
import { hrefOf } from '../route.ts';
import { snapshot } from '../state.tsx';
import { Status } from '../status.tsx';
import { countWithoutCallback } from '../status-sentence.ts';
import { texts } from '../texts/texts.tsx';

const LATEST = 10;

/** Whether to get up, and where to look. */
export function Overview() {
  const t = texts.value.overview;
  const recent = snapshot.value?.recent.data ?? [];
  return (
    <>
      <Status />
      <div class="grid">
        <Attention />
        <Quota />
        <Accounts />
        <Backlog />
        <Today />
        <Photos />
      </div>
      <section class="panel list" aria-labelledby="latest">
        <div class="heading">
          <h2 id="latest">{t.latest}</h2>
          <a href={hrefOf('verifications')}>{texts.value.detail.back}</a>
        </div>
        {snapshot.value !== null && recent.length === 0 ? (
          <Begin />
        ) : (
          <VerificationTable rows={recent.slice(0, LATEST)} />
        )}
      </section>
    </>
  );
}

function Attention() {
  const t = texts.value.overview;
  const deliveries = snapshot.value?.deliveries;
  const endpoints = deliveries?.endpoints.data ?? [];
  const budgets = snapshot.value?.budgets ?? [];
  const countSpent = (share: 80 | 100) =>
    new Set(budgets.filter(({ spent }) => spent === share).map(({ clientId }) => clientId)).size;
  const countOf = (status: string) => endpoints.filter((endpoint) => endpoint.status === status).length;
  const items = [
    { count: countOf('failing'), say: t.failing, tone: 'watch', href: hrefOf('deliveries') },
    { count: countOf('held'), say: t.held, tone: 'watch', href: hrefOf('deliveries') },
    { count: deliveries?.deadLetters ?? 0, say: t.dead, tone: 'alarm', href: hrefOf('deliveries') },
    {
      count: deliveries ? countWithoutCallback(deliveries) : 0,
      say: t.withoutCallback,
      tone: 'soft',
      href: hrefOf('deliveries'),
    },
    { count: countSpent(100), say: t.budgets, tone: 'alarm', href: hrefOf('clients') },
    { count: countSpent(80), say: t.budgetsSoon, tone: 'watch', href: hrefOf('clients') },
  ].filter(({ count }) => count > 0);
  return (
    <section class="panel wide" aria-labelledby="attention">
      <h2 id="attention">{t.attention}</h2>
      {items.length === 0 ? (
        <p class="none">{snapshot.value === null ? texts.value.looking : t.calm}</p>
      ) : (
        <ul class="attention">
          {items.map(({ count, say, tone, href }) => (
            <li key={tone + say(String(count))} class={tone}>
              <a href={href}>{say(formatNumber(count))}</a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** The day's calls as the bill will count them; the whole is on a page of its own. */
function Today() {
  const t = texts.value.overview;
  const rows = snapshot.value?.today.outcomes ?? [];
  const billed = rows.reduce((sum, row) => sum + row.billed, 0);
  const calls = rows.reduce((sum, row) => sum + row.billed + row.unbilled + row.unknown, 0);
  return (
    <section class="panel" aria-labelledby="today">
      <h2 id="today">
        <a href={hrefOf('usage')}>{t.today}</a>
      </h2>
      <p class="figure">
        {formatNumber(calls)} <span class="unit">{t.billed(formatNumber(billed))}</span>
      </p>
      <table>
        <caption class="unseen">{t.byCode}</caption>
        <tbody>
          {rows.slice(0, 5).map((row) => (
            <tr key={row.code}>
              <th scope="row">
                <a href={hrefOf('verifications', null, { code: row.code })}>
                  <Code code={row.code} />
                </a>
              </th>
              <td class="number">{formatNumber(row.billed + row.unbilled + row.unknown)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="none">{t.noneToday}</p>}
    </section>
  );
}

/** People's photos are kept only while they wait. */
function Photos() {
  const { now = 0, peak = 0 } = snapshot.value?.lane.photosStored ?? {};
  const t = texts.value.overview;
  return (
    <section class="panel wide slim" aria-labelledby="photos">
      <h2 id="photos">{t.photos}</h2>
      <p class="figure">{formatNumber(now)}</p>
      <p class="help">{t.photosHelp(formatNumber(peak))}</p>
    </section>
  );
}

const SUBMIT = `curl $VERIQUEUE_URL/v1/verifications -H "Authorization: Bearer $VERIQUEUE_API_KEY" \\
  -F idCard=… -F name=… -F photo=@photo.jpg`;

function Begin() {
  const t = texts.value.overview;
  return (
    <div class="begin">
      <p>{t.begin}</p>
      <p>{t.beginHow}</p>
      <pre>{SUBMIT}</pre>
      {clients.value?.length === 0 && (
        <p>
          <a href={hrefOf('clients')}>{t.toClients}</a>
        </p>
      )}
    </div>
  );
}
