import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { chooseContenders } from '../../bench/peers/choose-contenders.ts';
import { judgeMarks } from '../../bench/peers/judge-marks.ts';
import type { Measure } from '../../bench/peers/measure-contender.ts';
import { computeRatio, presentRows } from '../../bench/peers/present-rows.ts';
import {
  readCpuMicros,
  readFamilyCpuMicros,
  readMachineTime,
  readPssMb,
} from '../../bench/peers/read-process.ts';
import { createTc3Signer } from '../../bench/pipelines/tc3-signer.ts';
import { hashPayload, signTc3 } from '../../shared/upstream/tc3-signature.ts';
import { hasProc } from '../support/has-proc.ts';

const CLOCK_TICK_MICROS = 10_000;

const makeMeasure = (overrides: Partial<Measure> = {}): Measure => ({
  rate: 100,
  cpuMicros: { server: 400, worker: 1_000, producer: 0, client: 100 },
  stubMicros: 50,
  pssMb: { server: 20, worker: 100, producer: 0, client: 40 },
  othersPercent: 10,
  repeats: 0,
  ...overrides,
});

describe('the careful pipeline', () => {
  it("signs a request as Veriqueue's worker does", () => {
    const credentials = { secretId: 'id', secretKey: 'key' };
    const body = '{"Name":"测试"}';
    const now = Date.UTC(2026, 4, 1, 12);
    expect(
      signTc3({
        ...credentials,
        host: '127.0.0.1:80',
        service: 'faceid',
        action: 'ImageRecognitionV2',
        version: '2018-03-01',
        region: 'ap-guangzhou',
        timestamp: now / 1000,
        payloadHash: hashPayload(body),
      }),
    ).toMatchObject(createTc3Signer(credentials)('127.0.0.1:80', body, now));
  });
});

describe('a ratio between contenders', () => {
  it('is the median of those within a round, so that a slow round of both does not count', () => {
    const ours = [10, 100, 100].map((rate) => makeMeasure({ rate }));
    const theirs = [20, 200, 50].map((rate) => makeMeasure({ rate }));
    expect(computeRatio(ours, theirs, ({ rate }) => rate)).toBe(0.5);
  });
});

describe('the table of peers', () => {
  it('has medians with their range, the time of each process, the most memory, and the load of others', () => {
    const rows = [
      { name: 'veriqueue-json', measures: [makeMeasure(), makeMeasure({ rate: 120 })] },
      {
        name: 'bullmq-plain',
        measures: [
          makeMeasure({ rate: 200, othersPercent: 40 }),
          makeMeasure({ rate: 240, pssMb: { server: 30, worker: 90, producer: 0, client: 40 } }),
        ],
      },
    ];
    expect(presentRows(rows).slice(2)).toEqual([
      '| veriqueue-json | 110 (100–120) | 1.00 | 1500 (1500–1500) | 1.00 | 400 + 1000 + – + 100 | 20 / 100 / – / 40 |',
      '| bullmq-plain | 220 (200–240) | 2.00 | 1500 (1500–1500) | 1.00 | 400 + 1000 + – + 100 | 30 / 100 / – / 40 |',
      '  others 10 (10–40) % of all processors; both stubs 50 µs a verification',
    ]);
  });

  it('says how many submissions were sent again', () => {
    const rows = [
      { name: 'veriqueue-json', measures: [makeMeasure({ repeats: 2 }), makeMeasure({ repeats: 1 })] },
    ];
    expect(presentRows(rows).at(-1)).toBe(
      '  veriqueue-json: 3 submissions were sent again, as their answers asked',
    );
  });
});

describe('the marks of a comparison', () => {
  const rowOf = (name: string, overrides: Partial<Measure>) => ({ name, measures: [makeMeasure(overrides)] });
  const cpuMicros = { server: 0, worker: 500, producer: 300, client: 200 };

  it('say of each ratio what it must be, and whether it is', () => {
    const rows = [
      rowOf('veriqueue-json', { rate: 450 }),
      rowOf('bullmq-plain-json', { rate: 500, cpuMicros }),
      rowOf('veriqueue-library', { rate: 700 }),
      rowOf('bullmq-careful', { rate: 800 }),
    ];
    expect(judgeMarks(20_000, rows)).toEqual([
      '  mark: veriqueue-json ÷ bullmq-plain-json, rate: 0.900, at least 0.9: met',
      '  mark: veriqueue-json ÷ bullmq-plain-json, processor time: 1.500, at most 1.25: NOT met',
      '  mark: veriqueue-library ÷ bullmq-careful, rate: 0.875, at least 1: NOT met',
    ]);
  });

  it('count the time of the front and of the client in a rate per core', () => {
    const rows = [rowOf('veriqueue-form', { cpuMicros }), rowOf('sidekiq-form', {})];
    expect(judgeMarks(100_000, rows)).toEqual([
      '  mark: veriqueue-form ÷ sidekiq-form, rate per core: 1.500, at least 1: met',
    ]);
  });

  it('leave out what was not measured', () => {
    expect(judgeMarks(300_000, [rowOf('veriqueue-json', {})])).toEqual([]);
  });
});

describe('the choice of contenders', () => {
  it('refuses an unknown name with the names that are known', () => {
    expect(() => chooseContenders(['bullmq'], () => true)).toThrow(/bullmq: must be among veriqueue-json/);
  });

  it('skips Sidekiq by name where it is not installed, and says what to install', () => {
    expect(chooseContenders(['bullmq-plain', 'sidekiq', 'sidekiq-form'], () => false)).toEqual({
      chosen: ['bullmq-plain'],
      notices: [
        "Skipped: sidekiq, sidekiq-form. Install Debian's packages ruby and ruby-sidekiq to measure them.",
      ],
    });
  });

  it('measures Sidekiq where it is installed, and does not look for it where nothing needs it', () => {
    expect(chooseContenders(['sidekiq'], () => true)).toEqual({ chosen: ['sidekiq'], notices: [] });
    const lookedFor = () => {
      throw new Error('Sidekiq must not be looked for');
    };
    expect(chooseContenders(['bullmq-plain'], lookedFor)).toEqual({ chosen: ['bullmq-plain'], notices: [] });
  });
});

describe.skipIf(!hasProc)('what Linux counts of a process', () => {
  it('grows with what the process does, and is a part of what the machine does', () => {
    const before = { own: readCpuMicros(process.pid), machine: readMachineTime() };
    let hash = '';
    while (readCpuMicros(process.pid) - before.own < 200_000) hash = hashPayload(hash);
    const own = readCpuMicros(process.pid) - before.own;
    const machine = readMachineTime();
    expect(machine.wholeMicros - before.machine.wholeMicros).toBeGreaterThanOrEqual(own / 2);
    expect(machine.busyMicros).toBeGreaterThan(before.machine.busyMicros);
    expect(readPssMb(process.pid)).toBeGreaterThan(1);
  });

  it('includes children, also once they have ended', () => {
    const before = readFamilyCpuMicros(process.pid);
    const burn = 'const { user } = process.cpuUsage(); while (process.cpuUsage().user - user < 200_000);';
    spawnSync(process.execPath, ['-e', burn]);
    expect(readFamilyCpuMicros(process.pid) - before).toBeGreaterThanOrEqual(200_000 - CLOCK_TICK_MICROS);
  });
});
