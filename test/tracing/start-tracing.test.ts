import { describe, expect, it } from 'vitest';
import { createExportReport, withholdValues } from '../../shared/tracing/export-report.ts';
import { isTracingConfigured } from '../../shared/tracing/start-tracing.ts';
import { parseTraceParent } from '../../shared/tracing/trace-parent.ts';
import { recordLog } from '../support/recorded-log.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('isTracingConfigured()', () => {
  it.each([
    [{}, false],
    [{ OTEL_SERVICE_NAME: 'faces' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    [ENDPOINT, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
    [{ OTEL_TRACES_EXPORTER: 'console' }, true],
    [{ OTEL_TRACES_EXPORTER: 'none' }, false],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }, false],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, false],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }, true],
  ])('%j: %s', (environment, configured) => {
    expect(isTracingConfigured(environment)).toBe(configured);
  });
});

describe('parseTraceParent()', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it.each([
    [JSON.stringify({ traceparent }), traceparent],
    [JSON.stringify({ traceparent, tracestate: 'shop=1' }), traceparent],
    [undefined, null],
    ['{}', null],
    ['not JSON', null],
    ['null', null],
    ['{"traceparent":7}', null],
    [JSON.stringify({ traceparent: traceparent.repeat(2) }), null],
  ])('%s: %s', (metadata, parent) => {
    expect(parseTraceParent(metadata)).toBe(parent);
  });
});

describe('the report of lost traces', () => {
  it('is repeated every ten minutes while it goes on, without what the collector said', () => {
    const log = recordLog();
    let now = 0;
    const report = createExportReport(log.logger, () => now);
    const refusal = Object.assign(new Error('a collector may quote anything'), { code: 'ECONNREFUSED' });
    for (now = 0; now <= 20 * 60_000; now += 5_000) report(refusal);
    expect(log.lines.map(({ event, reason }) => `${event}: ${reason}`)).toEqual(
      Array(3).fill('traces_lost: Error ECONNREFUSED'),
    );
  });

  it("is made of whatever is thrown, and of the SDK's complaints without their values", () => {
    const log = recordLog();
    createExportReport(log.logger, () => 0)('nothing of ours');
    expect(log.lines).toEqual([expect.objectContaining({ reason: 'string' })]);
    expect(withholdValues('Header "authorization" has invalid value (secret) and is ignored')).toBe(
      'Header "authorization" has invalid value (…) and is ignored',
    );
    expect(withholdValues("Could not parse URL: 'http://user:secret@host', falling back")).toBe(
      "Could not parse URL: '…', falling back",
    );
  });
});
