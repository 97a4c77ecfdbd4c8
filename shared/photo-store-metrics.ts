import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { S3Try } from './store/subjects/objects/s3-objects.ts';
import type { SubjectStore } from './store/subjects/subject-store.ts';
import { within } from './within.ts';

/** A scrape does not wait for a store that is slow to answer. */
const ANSWERS_WITHIN_MS = 1_000;

/** Whether this process can read or write photos; also where Redis keeps them, so that an alert finds the series. */
export function registerPhotoStoreUp(registry: Registry, subjects: Pick<SubjectStore, 'check'>): void {
  new Gauge({
    name: 'veriqueue_photo_store_up',
    help: '1 when the store of photos answers this process, 0 when it does not',
    registers: [registry],
    async collect() {
      const state = await within(ANSWERS_WITHIN_MS, subjects.check());
      this.set(state !== 'expired' && state.status === 'ready' ? 1 : 0);
    },
  });
}

/** @returns notes one try at the object store */
export function createPhotoStoreMetrics(registers: Registry[]): (made: S3Try) => void {
  const tries = new Counter({
    name: 'veriqueue_photo_store_tries_total',
    help: 'Requests to the object store by what came of them; a request that is repeated counts again',
    labelNames: ['operation', 'result'],
    registers,
  });
  for (const operation of ['put', 'get', 'delete']) {
    for (const result of ['done', 'away', 'refused']) tries.inc({ operation, result }, 0);
  }
  const seconds = new Histogram({
    name: 'veriqueue_photo_store_try_duration_seconds',
    help: 'Time one request to the object store took',
    labelNames: ['operation'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  return ({ operation, result, durationMs }) => {
    tries.inc({ operation, result });
    seconds.observe({ operation }, durationMs / 1000);
  };
}
