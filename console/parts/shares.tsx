import type { ConsoleShares } from '../../shared/contract/console-shares.ts';
import { formatDuration, formatNumber } from '../format.ts';
import { texts } from '../texts/texts.tsx';
import { useRead } from './list.tsx';
import { ClientName } from './words.tsx';

const AGAIN_MS = 5_000;

/** Who takes the quota: the clients that wait or had calls in the last minute. */
export function Shares() {
  const { value, failure } = useRead<ConsoleShares>('/shares', AGAIN_MS);
  const t = texts.value.shares;
  return (
    <section class="panel" aria-labelledby="shares">
      <h2 id="shares">{t.title}</h2>
      {failure !== '' && <p class="failure">{failure}</p>}
      {value !== null && value.data.length > 0 && <Table shares={value} />}
      {value?.data.length === 0 && <p class="none">{t.none}</p>}
      <p class="help">{t.help}</p>
    </section>
  );
}

function Table({ shares: { data, others } }: { readonly shares: ConsoleShares }) {
  const t = texts.value.shares;
  return (
    <div class="table stack">
      <table>
        <caption class="unseen">{t.title}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.value.clients.clientName}</th>
            {[t.weight, t.waiting, t.calls, t.due, t.had, t.oldest].map((heading) => (
              <th key={heading} scope="col" class="number">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.map((share) => (
            <tr key={share.clientId}>
              <th scope="row">
                <ClientName id={share.clientId} />
              </th>
              <Numbers {...share} />
            </tr>
          ))}
          {others.clients > 0 && (
            <tr>
              <th scope="row">{t.others(formatNumber(others.clients))}</th>
              <Numbers {...others} oldestWaitingSeconds={null} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Numbers(share: Omit<ConsoleShares['data'][number], 'clientId'>) {
  const { oldestWaitingSeconds } = share;
  const part = (value: number | null) =>
    value === null ? texts.value.none : `${formatNumber(100 * value)} %`;
  const t = texts.value.shares;
  const cells = [
    [t.weight, formatNumber(share.weight)],
    [t.waiting, formatNumber(share.waiting)],
    [t.calls, formatNumber(share.callsLastMinute)],
    [t.due, part(share.shareDue)],
    [t.had, part(share.shareHad)],
    [
      t.oldest,
      oldestWaitingSeconds === null
        ? texts.value.none
        : formatDuration(oldestWaitingSeconds, texts.value.unit),
    ],
  ];
  return (
    <>
      {cells.map(([label, value]) => (
        <td key={label} class="number" data-label={label}>
          {value}
        </td>
      ))}
    </>
  );
}
