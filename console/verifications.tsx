import { useComputed, useSignal } from '@preact/signals';
import type { TargetedEvent } from 'preact';
import type { ConsoleVerification, ConsoleVerificationPage } from '../shared/contract/console.ts';
import { call } from './api.tsx';
import { formatTime, formatWord } from './format.ts';
import { snapshot } from './state.tsx';
import { ShortId } from './verification-id.tsx';

/** What is shown instead of the latest, which are live. */
interface Fixed {
  readonly title: string;
  readonly page: ConsoleVerificationPage;
}

export function Verifications() {
  const fixed = useSignal<Fixed | null>(null);
  const failure = useSignal('');
  const live = useComputed(() => snapshot.value?.recent ?? { data: [], nextCursor: null });
  const { data, nextCursor } = fixed.value?.page ?? live.value;

  const show = async (title: string, query: Record<string, string>) => {
    const path = `/verifications?${new URLSearchParams(query)}`;
    const answer = await call<ConsoleVerificationPage>('GET', path);
    failure.value = answer.ok ? '' : `Cannot look: ${answer.reason}.`;
    if (answer.ok) fixed.value = { title, page: answer.value };
  };
  const search = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('search')).trim();
    if (text === '') fixed.value = null;
    else await show(`Found for “${text}”`, { search: text });
  };
  const showLatest = () => {
    fixed.value = null;
  };

  return (
    <section class="panel" aria-labelledby="verifications">
      <div class="heading">
        <h2 id="verifications">Verifications</h2>
        <search>
          <form onSubmit={search}>
            <label for="search">Id or reference</label>
            <input
              id="search"
              name="search"
              type="search"
              autocomplete="off"
              spellcheck={false}
              maxLength={128}
            />
            <button type="submit" class="quiet">
              Search
            </button>
          </form>
        </search>
      </div>
      <p class="help" role="status">
        {failure.value || (fixed.value?.title ?? 'The latest, as they come')}
      </p>
      <div class="table list">
        <List rows={data} />
        {data.length === 0 && <p class="none">{fixed.value ? 'Nothing found.' : 'None yet.'}</p>}
      </div>
      <p class="actions">
        {fixed.value && (
          <button type="button" class="quiet" onClick={showLatest}>
            Latest
          </button>
        )}
        {nextCursor !== null && (
          <button type="button" class="quiet" onClick={() => show('Older', { cursor: nextCursor })}>
            Older
          </button>
        )}
      </p>
    </section>
  );
}

function List({ rows }: { readonly rows: readonly ConsoleVerification[] }) {
  return (
    <table>
      <caption class="unseen">Verifications, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Verification</th>
          <th scope="col" class="roomy">
            Reference
          </th>
          <th scope="col" class="roomy">
            Submitted
          </th>
          <th scope="col">Status</th>
          <th scope="col" class="roomy">
            Code
          </th>
          <th scope="col" class="number roomy">
            Attempts
          </th>
          <th scope="col">Delivery</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <th scope="row">
              <ShortId id={row.id} />
            </th>
            <td class="roomy reference">{row.reference ?? '–'}</td>
            <td class="roomy">{formatTime(row.submittedAt, Date.now())}</td>
            <td>
              <span class={`badge ${row.verdict ?? row.status}`}>
                {formatWord(row.verdict ?? row.status)}
              </span>
            </td>
            <td class="roomy code">{row.code ?? '–'}</td>
            <td class="number roomy">{row.attempts}</td>
            <td>
              <span class={`badge ${row.delivery}`}>{row.delivery}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
