import { formatNumber } from './format.ts';
import { snapshot } from './state.tsx';
import { computeRate } from './status-sentence.ts';

/** How much of the quota is used now, and was over the last ten minutes. */
export function Quota() {
  const now = snapshot.value;
  const used = now ? computeRate(now) : 0;
  const quota = now?.lane.quota.perSecond ?? 0;
  return (
    <section class="panel wide" aria-labelledby="quota">
      <h2 id="quota">Quota</h2>
      <div class="quota">
        <Gauge used={used} quota={quota} />
        <Chart granted={now?.arrivals.granted ?? []} refused={now?.arrivals.refused ?? []} quota={quota} />
      </div>
    </section>
  );
}

const RADIUS = 52;
/** Three quarters of a circle. */
const ARC = RADIUS * 2 * Math.PI * 0.75;

function Gauge({ used, quota }: { readonly used: number; readonly quota: number }) {
  const share = quota === 0 ? 0 : Math.min(1, used / quota);
  const text = quota === 0 ? 'not known yet' : `${formatNumber(used)} of ${formatNumber(quota)} requests/s`;
  return (
    <svg class="gauge" viewBox="0 0 128 112" role="img" aria-label={`In use: ${text}`}>
      <circle
        class="track"
        cx="64"
        cy="62"
        r={RADIUS}
        pathLength={ARC / 0.75}
        stroke-dasharray={`${ARC} 999`}
      />
      {share > 0 && (
        <circle
          class="value"
          cx="64"
          cy="62"
          r={RADIUS}
          pathLength={ARC / 0.75}
          stroke-dasharray={`${ARC * share} 999`}
        />
      )}
      <text x="64" y="68" class="large">
        {quota === 0 ? '–' : formatNumber(used)}
      </text>
      <text x="64" y="88" class="small">
        of {formatNumber(quota)}/s
      </text>
    </svg>
  );
}

interface ChartProps {
  readonly granted: readonly number[];
  readonly refused: readonly number[];
  readonly quota: number;
}

const SECONDS = 600;
const HEIGHT = 100;

/** One step per second. The picture is described in words beside it; colour alone carries no meaning in it. */
function Chart({ granted, refused, quota }: ChartProps) {
  const top = Math.max(1, quota * 1.1, ...granted);
  const y = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const steps = granted.map((value, i) => `V${y(value).toFixed(1)}H${i + 1}`).join('');
  const marks = refused.flatMap((count, i) => (count > 0 ? [`M${i + 0.5},0V${HEIGHT * 0.12}`] : [])).join('');
  const sum = granted.reduce((total, each) => total + each, 0);
  const refusals = refused.reduce((total, each) => total + each, 0);
  const words = `${formatNumber(sum / SECONDS)} requests/s in the mean, at most ${formatNumber(Math.max(0, ...granted))}, ${formatNumber(refusals)} refused`;
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${SECONDS} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Requests per second over the last ten minutes: ${words}`}
      >
        <path class="area" d={`M0,${HEIGHT}${steps}V${HEIGHT}Z`} />
        <path class="limit" d={`M0,${y(quota)}H${SECONDS}`} />
        <path class="refusals" d={marks} />
      </svg>
      <p class="scale" aria-hidden="true">
        <span>10 min ago</span>
        <span>now</span>
      </p>
      <figcaption>
        {words}. <span class="limit-key">The line is the quota.</span>
      </figcaption>
    </figure>
  );
}
