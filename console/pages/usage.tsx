import type { ComponentChildren, TargetedEvent } from 'preact';
import type { OperatorUsage, UsageReport } from '../../shared/contract/usage.ts';
import { nameOfClient } from '../clients.tsx';
import { formatNumber } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { useRead } from '../parts/list.tsx';
import { Code } from '../parts/words.tsx';
import { hrefOf } from '../route.ts';
import { route } from '../state.tsx';
import { texts } from '../texts/texts.tsx';
import { sumByDay, sumUsage, type UsageSum } from '../usage-sums.ts';

/** What was called and billed: by day, code and client. */
export function Usage() {
  const { from = '', to = '' } = route.value.query;
  const period = new URLSearchParams({ ...(from ? { from } : {}), ...(to ? { to } : {}) });
  const { value: usage, failure } = useRead<OperatorUsage>(`/usage?${period}`);
  const t = texts.value.usage;
  return (
    <>
      <section class="panel" aria-label={texts.value.page.usage}>
        <Period
          from={from || (usage?.from ?? '')}
          to={to || (usage?.to ?? '')}
          csv={`/console/api/usage.csv?${period}`}
        />
        {failure !== '' && <p class="failure">{failure}</p>}
        {usage !== null && <Days usage={usage} />}
        <p class="help">
          {t.days} {t.unknownHelp}
        </p>
      </section>
      {usage !== null && usage.data.length > 0 && (
        <div class="grid">
          <Sums
            id="by-code"
            title={t.byCode}
            heading={texts.value.list.code}
            rows={sumUsage(usage.data, ({ code }) => code)}
            nameOf={(code) => <Code code={code} />}
            link={(code) => hrefOf('verifications', null, { code })}
          />
          <Sums
            id="by-client"
            title={t.byClient}
            heading={texts.value.list.client}
            rows={sumUsage(usage.data, ({ clientId }) => clientId)}
            nameOf={nameOfClient}
            link={(client) => hrefOf('clients', client)}
          />
          {usage.accounts.length > 0 && (
            <Sums
              id="by-account"
              title={texts.value.accounts.byAccount}
              heading={texts.value.accounts.name}
              rows={usage.accounts.map(({ account, ...sum }) => ({ name: account, ...sum }))}
              nameOf={(account) => account}
            />
          )}
        </div>
      )}
    </>
  );
}

function Period({ from, to, csv }: { readonly from: string; readonly to: string; readonly csv: string }) {
  const t = texts.value.usage;
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    location.hash = hrefOf('usage', null, { from: String(form.get('from')), to: String(form.get('to')) });
  };
  return (
    <form class="filters" onSubmit={submit}>
      <label>
        {t.from}
        <input type="date" name="from" value={from} required />
      </label>
      <label>
        {t.to}
        <input type="date" name="to" value={to} required />
      </label>
      <button type="submit" class="quiet">
        {t.show}
      </button>
      <a href={csv} download>
        {t.csv}
      </a>
    </form>
  );
}

/** The total, and the calls of each day. */
export function Days({ usage }: { readonly usage: Pick<UsageReport, 'from' | 'to' | 'data' | 'total'> }) {
  const t = texts.value.usage;
  const days = sumByDay(usage);
  return (
    <>
      <p class="figure">
        {formatNumber(usage.total.calls)}{' '}
        <span class="unit">{texts.value.overview.billed(formatNumber(usage.total.billed))}</span>
      </p>
      {usage.total.calls === 0 ? (
        <p class="none">{t.none}</p>
      ) : (
        <Chart
          title={texts.value.chart.billedByDay}
          from={0}
          stepMs={1}
          nameOf={(i) => days[i]?.name ?? ''}
          series={[
            { name: t.billed, tone: 'calm', values: days.map(({ billed }) => billed) },
            { name: t.unknown, tone: 'watch', values: days.map(({ unknown }) => unknown) },
            { name: t.unbilled, tone: 'soft', values: days.map(({ unbilled }) => unbilled) },
          ]}
        />
      )}
    </>
  );
}

interface SumsProps {
  readonly id: string;
  readonly title: string;
  readonly heading: string;
  readonly rows: readonly UsageSum[];
  readonly nameOf: (name: string) => ComponentChildren;
  /** Without it nothing is listed by that name. */
  readonly link?: (name: string) => string;
}

function Sums({ id, title, heading, rows, nameOf, link }: SumsProps) {
  const t = texts.value.usage;
  return (
    <section class="panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <div class="table">
        <table>
          <caption class="unseen">{title}</caption>
          <thead>
            <tr>
              <th scope="col">{heading}</th>
              <th scope="col" class="number">
                {t.calls}
              </th>
              <th scope="col" class="number">
                {t.billed}
              </th>
              <th scope="col" class="number">
                {t.unknown}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, billed, unbilled, unknown }) => (
              <tr key={name}>
                <th scope="row">
                  {link === undefined ? nameOf(name) : <a href={link(name)}>{nameOf(name)}</a>}
                </th>
                <td class="number">{formatNumber(billed + unbilled + unknown)}</td>
                <td class="number">{formatNumber(billed)}</td>
                <td class="number">{formatNumber(unknown)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
