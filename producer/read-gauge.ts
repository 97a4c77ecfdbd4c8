import { Gauge, type Registry } from 'prom-client';

export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** A scrape collects all gauges at once, and each asks for itself: one look at Redis answers them all. */
export function shareReading<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}

/**
 * A gauge that is read when scraped.
 *
 * @param described its labels: at least one, because the library shows a gauge without any as 0 when its number is not known
 * @param read null when it cannot be read now: the gauge is absent then
 */
export function registerReadGauge<T>(
  registry: Registry,
  described: { readonly name: string; readonly help: string; readonly labelNames: readonly string[] },
  read: () => Promise<T | null>,
  show: (reading: T) => readonly Sample[],
): void {
  new Gauge({
    ...described,
    registers: [registry],
    async collect() {
      this.reset();
      const reading = await read();
      for (const [labels, value] of reading === null ? [] : show(reading)) this.set(labels, value);
    },
  });
}
