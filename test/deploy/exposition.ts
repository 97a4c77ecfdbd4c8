/** What scrapes returned: the type of each metric, and the values each of its labels had. */
export type Exposition = ReadonlyMap<string, ScrapedMetric>;

interface ScrapedMetric {
  readonly type: string;
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  readonly samples: number;
}

/** Prometheus' text format, several scrapes one after the other. */
export function parseExposition(text: string): Exposition {
  const metrics = new Map<string, { type: string; labels: Map<string, Set<string>>; samples: number }>();
  for (const line of text.split('\n')) {
    const [, declared, type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (declared !== undefined && !metrics.has(declared))
      metrics.set(declared, { type, labels: new Map(), samples: 0 });
    const [, name, braces = ''] = /^([a-z]\w*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    const metric = name === undefined ? undefined : (metrics.get(name) ?? metrics.get(familyOf(name)));
    if (metric === undefined) continue;
    metric.samples += 1;
    for (const [, label = '', value = ''] of braces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      const values = metric.labels.get(label) ?? new Set();
      metric.labels.set(label, values.add(value));
    }
  }
  return metrics;
}

/** A histogram's series bear a suffix. */
export const familyOf = (series: string): string => series.replace(/_(bucket|sum|count)$/, '');
