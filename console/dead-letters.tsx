import { computed, signal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ConsoleVerificationPage } from '../shared/contract/console.ts';
import { call } from './api.tsx';
import { ask, perform } from './confirm.tsx';
import { countOf, formatNumber } from './format.ts';
import { changes, snapshot } from './state.tsx';
import { ShortId } from './verification-id.tsx';

const page = signal<ConsoleVerificationPage>({ data: [], nextCursor: null });
const total = computed(() => snapshot.value?.deliveries.deadLetters ?? 0);
const SHOWN = 10;

/** Events that were given up. Read again when their number changes. */
export function DeadLetters() {
  const count = total.value;
  const latest = useRef(0);
  useSignalEffect(() => {
    changes.value;
    if (total.value === 0) page.value = { data: [], nextCursor: null };
    else void read();
  });
  const read = async () => {
    latest.current += 1;
    const mine = latest.current;
    const answer = await call<ConsoleVerificationPage>('GET', `/dead-letters?limit=${SHOWN}`);
    if (answer.ok && mine === latest.current) page.value = answer.value;
  };
  return (
    <section class="panel wide" aria-labelledby="dead-letters">
      <h2 id="dead-letters">Dead letters</h2>
      <p class="figure">{formatNumber(count)}</p>
      <div class="table">
        <table>
          <caption class="unseen">Events that were given up, the latest first</caption>
          <thead>
            <tr>
              <th scope="col">Verification</th>
              <th scope="col" class="roomy">
                Client
              </th>
              <th scope="col" class="number">
                Attempts
              </th>
              <th scope="col">
                <span class="unseen">Action</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {page.value.data.map(({ id, clientId, deliveryAttempts }) => (
              <tr key={id}>
                <th scope="row">
                  <ShortId id={id} />
                </th>
                <td class="roomy client">{clientId}</td>
                <td class="number">{deliveryAttempts}</td>
                <td class="action">
                  <button
                    type="button"
                    class="quiet"
                    aria-label={`Redeliver ${id}`}
                    onClick={() => redeliver(id)}
                  >
                    Redeliver
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {count === 0 && <p class="none">Every event got through, or is still under way.</p>}
        {count > page.value.data.length && page.value.data.length > 0 && (
          <p class="help">The latest {SHOWN} are shown.</p>
        )}
      </div>
      {count > 0 && (
        <p class="actions">
          <button type="button" class="quiet" onClick={() => askToRedeliverAll(count)}>
            Redeliver all…
          </button>
        </p>
      )}
    </section>
  );
}

export async function redeliver(id: string): Promise<void> {
  await perform(`/verifications/${id}/redeliver`, undefined, 'The event is on its way again.');
}

function askToRedeliverAll(count: number) {
  ask({
    title: 'Redeliver all dead letters?',
    consequence: `${countOf(count, 'event')} will be sent again, oldest first, each with the whole schedule and the webhook-id it always had.`,
    confirm: 'Redeliver all',
    path: '/dead-letters/redeliver',
    done: 'The dead letters are on their way again.',
  });
}
