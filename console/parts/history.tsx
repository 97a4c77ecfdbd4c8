import { type Signal, useSignal } from '@preact/signals';
import type { ConsoleHistory } from '../../shared/contract/console.ts';
import { formatDuration } from '../format.ts';
import { texts, wordOf } from '../texts/texts.tsx';
import { Chart } from './chart.tsx';
import { useRead } from './list.tsx';

export type Range = '10m' | '1h' | '6h' | '24h' | '7d' | '30d';

const AGAIN_MS = 30_000;

/** Which period a chart shows. */
export function RangeChoice({
  range,
  ranges,
  label,
}: {
  readonly range: Signal<Range>;
  readonly ranges: readonly Range[];
  readonly label: string;
}) {
  const t = texts.value.chart;
  return (
    <fieldset class="choice" aria-label={`${t.range}: ${label}`}>
      {ranges.map((each) => (
        <button
          key={each}
          type="button"
          class="quiet small"
          aria-pressed={range.value === each}
          onClick={() => {
            range.value = each;
          }}
        >
          {t.ranges[each]}
        </button>
      ))}
    </fieldset>
  );
}

/** Upstream calls by what they came to. */
export function CallHistory({ range }: { readonly range: Exclude<Range, '10m'> }) {
  const { value, failure } = useRead<ConsoleHistory>(`/history?range=${range}`, AGAIN_MS);
  if (value === null) return <p class="none">{failure || texts.value.looking}</p>;
  const tones = { match: 'calm', no_match: 'soft', unverifiable: 'watch', error: 'alarm' } as const;
  return (
    <Chart
      title={texts.value.chart.calls(stepOf(value))}
      from={Date.parse(value.from)}
      stepMs={value.stepSeconds * 1000}
      series={(['match', 'no_match', 'unverifiable', 'error'] as const).map((verdict) => ({
        name: wordOf(verdict),
        tone: tones[verdict],
        values: value.verdicts[verdict] ?? [],
      }))}
    />
  );
}

/** Attempts to deliver, over all endpoints. */
export function DeliveryHistory() {
  const range = useSignal<Range>('24h');
  const { value, failure } = useRead<ConsoleHistory>(`/history?range=${range.value}`, AGAIN_MS);
  const t = texts.value.chart;
  const title = value === null ? texts.value.page.deliveries : t.deliveries(stepOf(value));
  return (
    <>
      <div class="heading">
        <h3>{title}</h3>
        <RangeChoice
          range={range}
          ranges={['1h', '6h', '24h', '7d', '30d']}
          label={texts.value.page.deliveries}
        />
      </div>
      {value === null ? (
        <p class="none">{failure || texts.value.looking}</p>
      ) : (
        <Chart
          title={title}
          from={Date.parse(value.from)}
          stepMs={value.stepSeconds * 1000}
          series={[
            { name: t.accepted, tone: 'calm', values: value.deliveries.accepted },
            { name: t.failed, tone: 'alarm', values: value.deliveries.failed },
          ]}
        />
      )}
    </>
  );
}

const stepOf = ({ stepSeconds }: ConsoleHistory): string => formatDuration(stepSeconds, texts.value.unit);
