import { formatDuration, formatNumber } from './format.ts';
import { snapshot } from './state.tsx';

const LINES = [
  ['interactive', 'Interactive'],
  ['bulk', 'Bulk'],
  ['retrying', 'For a later attempt'],
  ['verifying', 'Being asked now'],
] as const;

/** What waits, by priority, and for how long. */
export function Backlog() {
  const now = snapshot.value;
  const backlog = now?.lane.backlog;
  const total = backlog?.total ?? 0;
  return (
    <section class="panel" aria-labelledby="backlog">
      <h2 id="backlog">Waiting</h2>
      <p class="figure">
        {formatNumber(total)} <span class="unit">{describeEnd(now?.emptyInSeconds, total)}</span>
      </p>
      <table>
        <caption class="unseen">Verifications without an outcome</caption>
        <tbody>
          {LINES.map(([name, title]) => (
            <tr key={name}>
              <th scope="row">{title}</th>
              <td class="bar">
                <Bar share={total === 0 ? 0 : (backlog?.[name] ?? 0) / total} />
              </td>
              <td class="number">{formatNumber(backlog?.[name] ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function describeEnd(seconds: number | null | undefined, total: number): string {
  if (total === 0) return 'nothing to do';
  return typeof seconds === 'number' ? `empty in ${formatDuration(seconds)}` : 'for an unknown time';
}

function Bar({ share }: { readonly share: number }) {
  return (
    <svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="8" rx="2" />
      <rect class="value" width={100 * share} height="8" rx="2" />
    </svg>
  );
}
