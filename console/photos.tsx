import { formatNumber } from './format.ts';
import { snapshot } from './state.tsx';

/** People's photos are kept only while they wait. */
export function Photos() {
  const { now = 0, peak = 0 } = snapshot.value?.lane.photosStored ?? {};
  return (
    <section class="panel" aria-labelledby="photos">
      <h2 id="photos">People’s photos stored</h2>
      <p class="figure">{formatNumber(now)}</p>
      <p class="help">
        At most {formatNumber(peak)} so far. Each is sealed, and deleted with its answer; from 100,000 on a
        filing is due in China.
      </p>
    </section>
  );
}
