import type { ConsoleActivity } from '../../shared/contract/console-activity.ts';
import { describeResult } from '../activity-result.ts';
import { nameOfClient } from '../clients.tsx';
import { AuditSearch, readFilters } from '../parts/audit-search.tsx';
import { usePagedList } from '../parts/list.tsx';
import { Time } from '../parts/words.tsx';
import { hrefOf } from '../route.ts';
import { route } from '../state.tsx';
import { textOf, texts } from '../texts/texts.tsx';

type Line = ConsoleActivity['data'][number];

/** Who did what, to which id, when, and what came of it. */
export function Activity() {
  const { query } = route.value;
  const search = readFilters(query);
  const { rows, page, failure, isReading, readMore } = usePagedList<Line, ConsoleActivity>(
    search === null ? '/activity?limit=50' : `/audit/search?${search}`,
  );
  const t = texts.value.activity;
  return (
    <section class="panel list" aria-label={texts.value.page.activity}>
      <p class="actions">
        <a href={hrefOf('activity', 'record')}>{texts.value.record.title}</a>
      </p>
      <AuditSearch filters={query} />
      {failure !== '' && <p class="failure">{failure}</p>}
      <div class="table stack">
        <table>
          <caption class="unseen">{t.caption}</caption>
          <thead>
            <tr>
              <th scope="col">{t.when}</th>
              <th scope="col">{t.who}</th>
              <th scope="col">{t.what}</th>
              <th scope="col">{t.target}</th>
              <th scope="col">{t.result}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((line) => (
              <tr key={line.at + line.action + line.target}>
                <td>
                  <Time at={line.at} />
                </td>
                <td>{line.operator}</td>
                <td>{textOf(t.actions, line.action) ?? line.action}</td>
                <td class={line.target === null ? 'roomy' : ''}>
                  {line.target === null ? '–' : <Target text={line.target} />}
                </td>
                <td class="since">{describeResult(line, t)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && failure === '' && (
          <p class="none">
            {isReading ? texts.value.looking : search === null ? t.none : texts.value.auditSearch.none}
          </p>
        )}
      </div>
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

/** A verification, a client, an endpoint, or an operator's name. */
function Target({ text }: { readonly text: string }) {
  if (/^ver_[0-9a-z]{26}$/.test(text)) return <a href={hrefOf('verifications', text)}>{text}</a>;
  const [client = '', ...rest] = text.split(' ');
  if (!client.startsWith('cli_')) return <>{text}</>;
  return (
    <>
      <a href={hrefOf('clients', client)} title={client}>
        {nameOfClient(client)}
      </a>{' '}
      {rest.join(' ')}
    </>
  );
}
