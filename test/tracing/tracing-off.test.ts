import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCanary } from '../privacy/canary.ts';
import { type ProcessChain, startProcessChain } from './process-chain.ts';
import { startTraceCollector, type TraceCollector } from './trace-collector.ts';

/** Writes down at the process' end which CommonJS modules it loaded: all of OpenTelemetry's are. */
const REPORT_MODULES = `
import Module from 'node:module';
import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(process.env.MODULES_FILE, Object.keys(Module._cache).join('\\n')));
`;

let chain: ProcessChain;
let collector: TraceCollector;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'veriqueue-modules-'));
  [chain, collector] = await Promise.all([startProcessChain(), startTraceCollector()]);
}, 60_000);

afterAll(async () => {
  await chain?.stop();
  await collector?.close();
  rmSync(folder, { recursive: true, force: true });
});

const watched = (name: string) => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(REPORT_MODULES)}`,
  MODULES_FILE: join(folder, name),
});

const modulesOf = (name: string) => readFileSync(join(folder, name), 'utf8').split('\n');
// Not its API, which does nothing by itself: prom-client brings that along.
const tracingModules = (name: string) =>
  modulesOf(name).filter((path) => /node_modules\/(@opentelemetry\/(?!api\/)|bullmq-otel\/)/.test(path));

/** Runs one verification through processes of its own, and says what came with its event. */
async function runOne(name: string, environment: Readonly<Record<string, string>>) {
  const producer = await chain.startProducer({ ...watched(`${name}-producer`), ...environment });
  const worker = await chain.startWorker({ ...watched(`${name}-worker`), ...environment });
  const { id } = await chain.submit(makeCanary(), () => ({
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }));
  await chain.receiver.eventOf(id);
  await Promise.all([producer.stop(), worker.stop()]);
  expect([await producer.ended, await worker.ended]).toEqual([
    'producer ended with code 0',
    'worker ended with code 0',
  ]);
  const delivery = chain.receiver.deliveries.find(({ event }) => event.data.id === id);
  return { id, headers: delivery?.headers };
}

describe('without a setting that asks for traces', () => {
  it('loads nothing of OpenTelemetry, exports nothing and sends no traceparent', async () => {
    const { headers } = await runOne('off', {
      OTEL_SDK_DISABLED: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    for (const name of ['off-producer', 'off-worker']) {
      expect(modulesOf(name).some((path) => path.includes('node_modules/bullmq/'))).toBe(true);
      expect(tracingModules(name)).toEqual([]);
    }
    expect(headers).not.toHaveProperty('traceparent');
    expect(collector.bodies).toEqual([]);
  }, 60_000);
});

describe('with one', () => {
  it('loads it, and exports as protobuf by default', async () => {
    const { id, headers } = await runOne('on', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    for (const name of ['on-producer', 'on-worker']) {
      expect(tracingModules(name).some((path) => path.includes('/sdk-node/'))).toBe(true);
    }
    expect(headers).toHaveProperty('traceparent');
    expect([...collector.contentTypes]).toEqual(['application/x-protobuf']);
    const exported = Buffer.concat(collector.bodies.map(({ bytes }) => bytes));
    expect(exported.includes(id)).toBe(true);
  }, 60_000);
});
