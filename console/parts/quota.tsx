import { useSignal } from '@preact/signals';
import { formatNumber } from '../format.ts';
import { snapshot } from '../state.tsx';
import { computeRate } from '../status-sentence.ts';
import { texts } from '../texts/texts.tsx';
import { Chart } from './chart.tsx';
import { CallHistory, type Range, RangeChoice } from './history.tsx';

const SECONDS = 600;

/** How much of the quota is used now, and what was asked from ten minutes to 30 days ago. */
export function Quota() {
  const now = snapshot.value;
  const used = now ? computeRate(now) : 0;
  const quota = now?.lane.quota.perSecond ?? 0;
  const range = useSignal<Range>('10m');
  const t = texts.value;
  return (
    <section class="panel wide" aria-labelledby="quota">
      <div class="heading">
        <h2 id="quota">{t.overview.quota}</h2>
        <RangeChoice
          range={range}
          ranges={['10m', '1h', '6h', '24h', '7d', '30d']}
          label={t.overview.quota}
        />
      </div>
      <div class="quota">
        <Gauge used={used} quota={quota} />
        {range.value === '10m' ? (
          <Chart
            title={t.chart.requests}
            from={Date.now() - SECONDS * 1000}
            stepMs={1000}
            limit={{ name: t.chart.quota, value: quota }}
            series={[
              { name: t.chart.granted, tone: 'calm', values: now?.arrivals.granted ?? [] },
              { name: t.chart.refused, tone: 'alarm', values: now?.arrivals.refused ?? [] },
            ]}
          />
        ) : (
          <CallHistory range={range.value} />
        )}
      </div>
    </section>
  );
}

const RADIUS = 52;
/** Three quarters of a circle. */
const ARC = RADIUS * 2 * Math.PI * 0.75;

function Gauge({ used, quota }: { readonly used: number; readonly quota: number }) {
  const share = quota === 0 ? 0 : Math.min(1, used / quota);
  const t = texts.value;
  const text = quota === 0 ? t.overview.unknown : t.status.rate(formatNumber(used), formatNumber(quota));
  const arc = { cx: '64', cy: '62', r: RADIUS, pathLength: ARC / 0.75 };
  return (
    <svg class="gauge" viewBox="0 0 128 112" role="img" aria-label={`${t.overview.inUse}: ${text}`}>
      <circle class="track" {...arc} stroke-dasharray={`${ARC} 999`} />
      {share > 0 && <circle class="value" {...arc} stroke-dasharray={`${ARC * share} 999`} />}
      <text x="64" y="68" class="large">
        {quota === 0 ? '–' : formatNumber(used)}
      </text>
      <text x="64" y="88" class="small">
        {t.overview.ofPerSecond(formatNumber(quota))}
      </text>
    </svg>
  );
}
