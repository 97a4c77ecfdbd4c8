import { useSignal } from '@preact/signals';
import { formatNumber } from '../format.ts';
import { texts } from '../texts/texts.tsx';
import type { Series } from './chart-series.ts';

interface ChartTableProps {
  readonly title: string;
  readonly series: readonly Series[];
  /** What a step is called. */
  readonly label: (i: number) => string;
}

/** The values of a chart in rows, the latest first. They are made when they are asked for: ten minutes have 600 steps. */
export function ChartTable({ title, series, label }: ChartTableProps) {
  const isOpen = useSignal(false);
  const t = texts.value.chart;
  return (
    <details
      class="chart-table"
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary>{t.asTable}</summary>
      {isOpen.value && <Rows title={title} series={series} label={label} />}
    </details>
  );
}

function Rows({ title, series, label }: ChartTableProps) {
  const t = texts.value.chart;
  const steps = series[0]?.values.length ?? 0;
  const rows = Array.from({ length: steps }, (_, i) => i)
    .filter((i) => series.some(({ values }) => (values[i] ?? 0) > 0))
    .toReversed();
  if (rows.length === 0) return <p class="none">{t.empty}</p>;
  return (
    // It scrolls, so a keyboard must reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class="scroll" aria-label={`${title}: ${t.asTable}`} tabIndex={0}>
      <p class="help">{t.zerosLeftOut}</p>
      <table>
        <caption class="unseen">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{t.step}</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((i) => (
            <tr key={i}>
              <th scope="row">{label(i)}</th>
              {series.map(({ name, values }) => (
                <td key={name} class="number">
                  {formatNumber(values[i] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
