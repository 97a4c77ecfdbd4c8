import { formatNumber } from '../format.ts';
import { DeadLetters } from '../parts/dead-letters.tsx';
import { Endpoints } from '../parts/endpoints.tsx';
import { DeliveryHistory } from '../parts/history.tsx';
import { snapshot } from '../state.tsx';
import { texts } from '../texts/texts.tsx';

/** Events on their way, the endpoints they go to, and those that were given up. */
export function Deliveries() {
  const deliveries = snapshot.value?.deliveries;
  const t = texts.value.deliveries;
  return (
    <>
      <section class="panel" aria-labelledby="under-way">
        <h2 id="under-way">{t.underWay}</h2>
        <p class="figure">
          {formatNumber((deliveries?.waiting ?? 0) + (deliveries?.active ?? 0))}{' '}
          <span class="unit">{t.later(formatNumber(deliveries?.retrying ?? 0))}</span>
        </p>
        <DeliveryHistory />
      </section>
      <Endpoints />
      <DeadLetters />
    </>
  );
}
