import { formatDuration, formatNumber } from '../format.ts';
import { snapshot } from '../state.tsx';
import { texts } from '../texts/texts.tsx';

const LINES = ['interactive', 'bulk', 'retrying', 'verifying'] as const;

/** What waits, by priority, and for how long. */
export function Backlog() {
  const now = snapshot.value;
  const backlog = now?.lane.backlog;
  const total = backlog?.total ?? 0;
  const t = texts.value.overview;
  return (
    <section class="panel" aria-labelledby="backlog">
      <h2 id="backlog">{t.waiting}</h2>
      <p class="figure">
        {formatNumber(total)} <span class="unit">{describeEnd(now?.emptyInSeconds, total)}</span>
      </p>
      <table>
        <caption class="unseen">{t.unfinished}</caption>
        <tbody>
          {LINES.map((name) => (
            <tr key={name}>
              <th scope="row">{t[name]}</th>
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
  const t = texts.value.overview;
  if (total === 0) return t.nothingToDo;
  return typeof seconds === 'number' ? t.emptyIn(formatDuration(seconds, texts.value.unit)) : t.unknownTime;
}

function Bar({ share }: { readonly share: number }) {
  return (
    <svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="8" rx="2" />
      <rect class="value" width={100 * share} height="8" rx="2" />
    </svg>
  );
}
