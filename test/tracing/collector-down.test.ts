import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningProcess } from '../../dev/start/child.ts';
import { makeCanary } from '../privacy/canary.ts';
import { type ProcessChain, startProcessChain } from './process-chain.ts';
import { startTraceCollector, type TraceCollector } from './trace-collector.ts';

let chain: ProcessChain;
/** Answers every export with a refusal. */
let refusing: TraceCollector;
/** Takes exports and never answers. */
let hanging: TraceCollector;
let producer: RunningProcess;
let worker: RunningProcess;

beforeAll(async () => {
  [chain, refusing, hanging] = await Promise.all([
    startProcessChain(),
    startTraceCollector(400),
    startTraceCollector(null),
  ]);
  const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: '600000', OTEL_BSP_EXPORT_TIMEOUT: '600000' };
  [producer, worker] = await Promise.all([
    chain.startProducer({ ...patient, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${hanging.url}/v1/traces` }),
    chain.startWorker({ OTEL_EXPORTER_OTLP_ENDPOINT: refusing.url, OTEL_BSP_SCHEDULE_DELAY: '10' }),
  ]);
}, 60_000);

afterAll(async () => {
  await chain?.stop();
  await Promise.all([refusing?.close(), hanging?.close()]);
});

const verify = async () => {
  const { id } = await chain.submit(makeCanary());
  return chain.receiver.eventOf(id);
};

describe('a collector that refuses', () => {
  it('costs one line in the log, whatever the number of refusals', async () => {
    for (let exports = 1; exports <= 4; exports += 1) {
      await verify();
      await refusing.exported(exports);
    }
    // The fourth export began when the third had ended; that is reported by then.
    expect(await chain.logged('traces_lost')).toEqual([
      expect.objectContaining({ part: 'worker', level: 40, reason: 'OTLPExporterError 400' }),
    ]);
  });
});

describe('a collector that is gone or does not answer', () => {
  it('keeps no process from working', async () => {
    await refusing.close();
    const events = await Promise.all([verify(), verify(), verify()]);
    expect(events.map(({ type }) => type)).toEqual(Array(3).fill('verification.completed'));
  });

  it('keeps neither process from ending in order', async () => {
    await Promise.all([producer.stop(), worker.stop()]);
    expect(await producer.ended).toBe('producer ended with code 0');
    expect(await worker.ended).toBe('worker ended with code 0');
    expect(hanging.bodies.length).toBeGreaterThan(0);
    expect(await chain.logged('traces_lost')).toEqual(
      expect.arrayContaining([expect.objectContaining({ part: 'producer', reason: 'timeout' })]),
    );
  });
});
