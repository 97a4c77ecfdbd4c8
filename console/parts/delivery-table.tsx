import type { EventDelivery } from '../../shared/contract/event-delivery.ts';
import { formatNumber } from '../format.ts';
import { texts, wordOf } from '../texts/texts.tsx';
import { Badge, ShortId, Time } from './words.tsx';

interface DeliveryTableProps {
  readonly caption: string;
  readonly rows: readonly EventDelivery[];
}

/** Events on their way to one place, each with how far it is. */
export function DeliveryTable({ caption, rows }: DeliveryTableProps) {
  const t = texts.value;
  const words = t.clientDeliveries;
  if (rows.length === 0) return null;
  return (
    <div class="table">
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col" class="number">
              {words.number}
            </th>
            <th scope="col" class="roomy">
              {words.event}
            </th>
            <th scope="col">{t.list.verification}</th>
            <th scope="col">{t.list.status}</th>
            <th scope="col" class="number roomy">
              {t.list.attempts}
            </th>
            <th scope="col">{t.deliveries.lastAnswer}</th>
            <th scope="col" class="roomy">
              {t.detail.next}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.eventId} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row }: { readonly row: EventDelivery }) {
  const t = texts.value;
  const { sequence, type, verification, status, attempts, lastAttempt, nextAttemptAt } = row;
  return (
    <tr>
      <th scope="row" class="number">
        {sequence === null ? '–' : `#${formatNumber(sequence)}`}
      </th>
      <td class="roomy code">{type}</td>
      <td>{verification === null ? '–' : <ShortId id={verification} label={t.list.verification} />}</td>
      <td>
        <Badge word={status} />
      </td>
      <td class="number roomy">{attempts === null ? '–' : formatNumber(attempts)}</td>
      <td>
        {lastAttempt === null ? (
          '–'
        ) : (
          <>
            <span class="code">{lastAttempt.status ?? wordOf(lastAttempt.errorClass ?? 'other')}</span>{' '}
            <span class="since">
              <Time at={lastAttempt.at} />
            </span>
          </>
        )}
      </td>
      <td class="roomy">{nextAttemptAt === null ? '–' : <Time at={nextAttemptAt} />}</td>
    </tr>
  );
}
