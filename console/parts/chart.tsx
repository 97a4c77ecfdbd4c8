import { useSignal } from '@preact/signals';
import type { TargetedPointerEvent } from 'preact';
import { formatNumber, formatTime } from '../format.ts';
import { timeZone } from '../preferences.tsx';
import { texts } from '../texts/texts.tsx';

export interface Series {
  readonly name: string;
  /** Which colour, by what it means. */
  readonly tone: 'calm' | 'watch' | 'alarm' | 'soft';
  readonly values: readonly number[];
}

interface ChartProps {
  readonly title: string;
  readonly series: readonly Series[];
  /** ms epoch: when the first step begins. */
  readonly from: number;
  readonly stepMs: number;
  /** A line across. */
  readonly limit?: { readonly name: string; readonly value: number } | undefined;
  /** What a step is called, if not by its time. */
  readonly nameOf?: (i: number) => string;
}

const HEIGHT = 100;

/** Stacked bars with axes. Each step can be read by pointing at it; the picture is summed up in words below. */
export function Chart({ title, series, from, stepMs, limit, nameOf }: ChartProps) {
  const pointed = useSignal<number | null>(null);
  const steps = series[0]?.values.length ?? 0;
  const sums = Array.from({ length: steps }, (_, i) =>
    series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0),
  );
  const top = niceTop(Math.max(limit?.value ?? 0, ...sums));
  const label = nameOf ?? ((i: number) => timeOf(from + i * stepMs));
  const t = texts.value.chart;
  const whole = sums.reduce((sum, each) => sum + each, 0);
  const summary = whole === 0 ? t.empty : t.summary(formatNumber(whole), formatNumber(Math.max(0, ...sums)));
  const point = (event: TargetedPointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const at = Math.floor(((event.clientX - left) / width) * steps);
    pointed.value = steps === 0 ? null : Math.max(0, Math.min(steps - 1, at));
  };
  const at = pointed.value;
  const read =
    at === null
      ? null
      : t.point(
          label(at),
          series.map((each) => `${each.name} ${formatNumber(each.values[at] ?? 0)}`).join(', '),
        );
  return (
    <figure class="chart">
      <div class="plot">
        <Scale top={top} />
        <svg
          viewBox={`0 0 ${Math.max(1, steps)} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${title}: ${summary}`}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => {
            pointed.value = null;
          }}
        >
          <path class="grid-lines" d={`M0,${HEIGHT / 2}H${steps}M0,0H${steps}`} />
          <Bars series={series} top={top} />
          {limit && limit.value > 0 && (
            <path class="limit" d={`M0,${HEIGHT * (1 - limit.value / top)}H${steps}`} />
          )}
          {at !== null && <path class="cursor" d={`M${at + 0.5},0V${HEIGHT}`} />}
        </svg>
        <p class="times" aria-hidden="true">
          {[0, 1 / 3, 2 / 3].map((share) => (
            <span key={share}>{steps === 0 ? '' : label(Math.floor(steps * share))}</span>
          ))}
          <span>{steps === 0 ? '' : label(steps - 1)}</span>
        </p>
      </div>
      <figcaption>
        <Legend series={series} limit={limit} />{' '}
        <span class="reading">{read ?? (whole === 0 ? t.empty : `${summary} ${t.hint}`)}</span>
      </figcaption>
    </figure>
  );
}

function Scale({ top }: { readonly top: number }) {
  return (
    <p class="values" aria-hidden="true">
      <span>{formatNumber(top)}</span>
      <span>{formatNumber(top / 2)}</span>
      <span>0</span>
    </p>
  );
}

function Bars({ series, top }: { readonly series: readonly Series[]; readonly top: number }) {
  const below = Array<number>(series[0]?.values.length ?? 0).fill(0);
  return (
    <>
      {series.map(({ name, tone, values }) => {
        const path = values.map((value, i) => {
          const low = below[i] ?? 0;
          below[i] = low + value;
          if (value === 0) return '';
          return `M${i},${y(low, top)}V${y(low + value, top)}H${i + 1}V${y(low, top)}Z`;
        });
        return <path key={name} class={`bars ${tone}`} d={path.join('')} />;
      })}
    </>
  );
}

const y = (value: number, top: number): string => (HEIGHT - (value / top) * HEIGHT).toFixed(2);

function Legend({ series, limit }: Pick<ChartProps, 'series' | 'limit'>) {
  return (
    <span class="legend">
      {series.map(({ name, tone }) => (
        <span key={name} class={`key ${tone}`}>
          {name}
        </span>
      ))}
      {limit && <span class="key line">{limit.name}</span>}
    </span>
  );
}

/** 1, 2 or 5 times a power of ten. */
function niceTop(value: number): number {
  if (value <= 2) return 2;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

/** Without the year: no chart of instants is longer than 30 days. */
const timeOf = (ms: number): string =>
  formatTime(new Date(ms).toISOString(), Date.now(), timeZone()).replace(/^\d{4}-/, '');
