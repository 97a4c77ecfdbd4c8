import { type Signal, useSignal } from '@preact/signals';
import type { TargetedPointerEvent } from 'preact';
import { formatNumber, formatTime } from '../format.ts';
import { timeZone } from '../preferences.tsx';
import { texts } from '../texts/texts.tsx';
import type { Series } from './chart-series.ts';
import { ChartTable } from './chart-table.tsx';
import { type ChartCursor, moveBy, stepAt } from './chart-walk.ts';

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
const MINUTE_MS = 60_000;

/**
 * Stacked bars with axes. Each step can be read by pointing at it, by walking there with the arrow keys, and in a table; the
 * picture is summed up in words.
 */
export function Chart({ title, series, from, stepMs, limit, nameOf }: ChartProps) {
  const cursor = useSignal<ChartCursor | null>(null);
  const spoken = useSignal('');
  const count = series[0]?.values.length ?? 0;
  const sums = Array.from({ length: count }, (_, i) =>
    series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0),
  );
  const label = nameOf ?? ((i: number) => timeOf(from + i * stepMs, stepMs < MINUTE_MS));
  const tick = nameOf ?? ((i: number) => timeOf(from + i * stepMs, false));
  const steps = { count, from, stepMs };
  const at = stepAt(cursor.value, steps);
  const read = (i: number) => readStep(label(i), series, i);
  const summary = summarize(sums);
  const walk = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = moveBy(event.key, at, count);
    if (next === null) return;
    event.preventDefault();
    cursor.value = next === 'leave' ? null : { by: 'keyboard', at: from + next * stepMs };
    spoken.value = next === 'leave' ? '' : read(next);
  };
  return (
    <figure class="chart">
      <Plot {...{ title, series, sums, limit, tick, at, cursor, summary, walk }} />
      <figcaption>
        <Legend series={series} limit={limit} />{' '}
        <span class="reading">{at === null ? summary.withHint : read(at)}</span>
      </figcaption>
      {/* Of what a key led to alone: a live chart would else speak every second. */}
      <p class="unseen" role="status">
        {spoken.value}
      </p>
      <ChartTable title={title} series={series} label={label} />
    </figure>
  );
}

interface Summary {
  readonly text: string;
  readonly withHint: string;
}

function summarize(sums: readonly number[]): Summary {
  const t = texts.value.chart;
  const whole = sums.reduce((sum, each) => sum + each, 0);
  if (whole === 0) return { text: t.empty, withHint: t.empty };
  const text = t.summary(formatNumber(whole), formatNumber(Math.max(0, ...sums)));
  return { text, withHint: `${text} ${t.hint}` };
}

function readStep(label: string, series: readonly Series[], i: number): string {
  const values = series.map(({ name, values: own }) => `${name} ${formatNumber(own[i] ?? 0)}`);
  return texts.value.chart.point(label, values.join(texts.value.chart.separator));
}

interface PlotProps extends Pick<ChartProps, 'title' | 'series' | 'limit'> {
  readonly sums: readonly number[];
  /** What stands below the axis. */
  readonly tick: (i: number) => string;
  readonly at: number | null;
  readonly cursor: Signal<ChartCursor | null>;
  readonly summary: Summary;
  readonly walk: (event: KeyboardEvent) => void;
}

/** `application`, so that screen readers leave the arrow keys to it. */
function Plot({ title, series, sums, limit, tick, at, cursor, summary, walk }: PlotProps) {
  const t = texts.value.chart;
  const steps = sums.length;
  const top = niceTop(Math.max(limit?.value ?? 0, ...sums));
  const point = (event: TargetedPointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const index = Math.floor(((event.clientX - left) / width) * steps);
    cursor.value = steps === 0 ? null : { by: 'pointer', index: Math.max(0, Math.min(steps - 1, index)) };
  };
  const leave = () => {
    cursor.value = null;
  };
  return (
    <div
      class="plot"
      role="application"
      aria-roledescription={t.kind}
      aria-label={`${title}. ${t.keys}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
      tabIndex={0}
      onKeyDown={walk}
      onBlur={leave}
    >
      <Scale top={top} />
      <svg
        viewBox={`0 0 ${Math.max(1, steps)} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${summary.text}`}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={leave}
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
          <span key={share}>{steps === 0 ? '' : tick(Math.floor(steps * share))}</span>
        ))}
        <span>{steps === 0 ? '' : tick(steps - 1)}</span>
      </p>
    </div>
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
function timeOf(ms: number, toTheSecond: boolean): string {
  const time = formatTime(new Date(ms).toISOString(), Date.now(), timeZone()).replace(/^\d{4}-/, '');
  // Zones differ by whole minutes.
  return toTheSecond ? `${time}:${String(new Date(ms).getUTCSeconds()).padStart(2, '0')}` : time;
}
