import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaneCall, LaneReport, SentSlot } from '../../../../shared/account/limiter/lane-call.ts';
import { parseLaneHash } from '../../../../shared/account/limiter/lane-hash.ts';
import { type LaneRecord, NEW_LANE } from '../../../../shared/account/limiter/lane-record.ts';
import { parseLaneReply } from '../../../../shared/account/limiter/lane-reply.ts';
import { LANE_SCRIPT } from '../../../../shared/account/limiter/lane-script.ts';
import { type LaneSettings, resolveLaneSettings } from '../../../../shared/account/limiter/lane-settings.ts';
import { applyLaneCall } from '../../../../shared/account/limiter/lane-turn.ts';
import { accountKeys } from '../../../../shared/store/keys.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const key = accountKeys('script-test').quota();
let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** A lane fifty times as fast, so that a test of a second lives through minutes of it. */
function makeFastSettings(quota: number): LaneSettings {
  return {
    ...resolveLaneSettings({ quotaPerSecond: quota }),
    windowUs: 20_000,
    marginStartUs: 100,
    marginMinUs: 100,
    marginMaxUs: 1200,
    marginUpUs: 40,
    marginDownUs: 20,
    marginDownCalls: 10,
    refusalWindowCalls: 40,
    horizonUs: 2000,
    toleranceUs: 500,
    batchSpanUs: 400,
    graceUs: 500,
    pollUs: 5000,
    probeUs: 3000,
    slowProbeUs: 1000,
    slowWindow: 6,
    slowAfter: 4,
    rateStepMilli: 7000,
    rateStepUs: 10_000,
  };
}

interface Step {
  readonly settings: LaneSettings;
  readonly call: LaneCall;
  /** Before the call: the lane is lost, its rate last changed long ago, or Redis' clock is set back by so much. */
  readonly before: 'nothing' | 'lost' | 'aged' | { readonly setBackUs: number };
}

const natural = (max: number) => fc.nat({ max });
// Failures in a row slow a lane down: they must outnumber what interrupts them, or a run may never see that.
const evidence = fc.constantFrom(
  'answered',
  'failed',
  'failed',
  'failed',
  'failed',
  'failed',
  'failed',
  'refused',
  'account_fault',
  'maintenance',
);
/** Slot numbers and instants are drawn relative to what the lane has reached by then. */
const drawnStep = fc.record({
  quota: fc.constantFrom(...Array.from({ length: 30 }, () => 20), 3, 500),
  before: fc.oneof(
    { weight: 60, arbitrary: fc.constant('nothing' as const) },
    { weight: 1, arbitrary: fc.constant('lost' as const) },
    { weight: 6, arbitrary: fc.constant('aged' as const) },
    { weight: 1, arbitrary: fc.record({ setBackUs: fc.constantFrom(1000, 50_000, 5_000_000) }) },
  ),
  op: fc.constantFrom(
    'take',
    'take',
    'take',
    'take',
    'take',
    'take',
    'take',
    'tell',
    'hold',
    'pause',
    'resume',
    'resume',
  ),
  aheadOfLane: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3),
  stepped: fc.constantFrom(false, false, false, false, false, false, false, false, true),
  sent: fc.array(fc.tuple(natural(25), fc.option(natural(3000))), { maxLength: 3 }),
  reports: fc.array(fc.tuple(natural(25), evidence, fc.constantFrom(...'abcdefgh')), { maxLength: 2 }),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  waitedUs: natural(20_000),
  headStartUs: fc.constantFrom(0, 1_000_000),
  want: fc.constantFrom(1, 1, 5, 64),
});

type DrawnStep = typeof drawnStep extends fc.Arbitrary<infer T> ? T : never;

function makeStep(drawn: DrawnStep, { seq, lastUs }: LaneRecord): Step {
  const { op, id, waitedUs, headStartUs, want } = drawn;
  const slot = (back: number) => Math.max(1, seq - back);
  const news = {
    seen: Math.max(0, seq - 1 + drawn.aheadOfLane),
    stepped: drawn.stepped,
    sent: drawn.sent.map(([back, late]): SentSlot => [slot(back), late === null ? 0 : lastUs + late]),
    reports: drawn.reports.map(
      ([back, what, about]): LaneReport => [slot(back), what, `Code.${what}`, about],
    ),
  };
  const settings = makeFastSettings(drawn.quota);
  const call: LaneCall =
    op === 'take'
      ? { op, news, ask: { id, waitedUs, headStartUs, want } }
      : op === 'tell' || op === 'resume'
        ? { op, news }
        : { op, news, reason: 'because' };
  return { settings, call, before: drawn.before };
}

/** The fields that a script's writing and a Map treat alike: an absent ring entry is 0. */
function comparable(record: LaneRecord) {
  return { ...record, slots: [...record.slots].filter(([, us]) => us > 0).sort(([a], [b]) => a - b) };
}

async function prepare(before: Step['before'], record: LaneRecord): Promise<LaneRecord> {
  if (before === 'nothing') return record;
  if (before === 'lost') {
    await redis.del(key);
    return NEW_LANE;
  }
  if (before === 'aged') {
    const rateAtUs = Math.max(0, record.rateAtUs - 20_000_000);
    await redis.hset(key, 'rateAtUs', String(rateAtUs));
    return { ...record, rateAtUs };
  }
  const lastUs = record.lastUs + before.setBackUs;
  await redis.hset(key, 'lastUs', String(lastUs));
  return { ...record, lastUs };
}

describe('the lane script and its twin', () => {
  it('decide alike and leave the same record, call after call', async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(drawnStep, { minLength: 60, maxLength: 120 }), async (drawnSteps) => {
        await redis.del(key);
        let record = NEW_LANE;
        for (const drawn of drawnSteps) {
          const { settings, call, before } = makeStep(drawn, record);
          const prepared = record.size === 0 ? record : await prepare(before, record);
          const reply = parseLaneReply(
            await redis.eval(LANE_SCRIPT, 1, key, JSON.stringify(settings), JSON.stringify(call)),
          );
          const turn = applyLaneCall(prepared, call, settings, reply.nowUs);
          expect(reply.answer).toEqual(turn.answer);
          expect(reply.changes).toEqual(turn.changes);
          expect(reply.seq).toBe(turn.record.seq);
          expect(comparable(parseLaneHash(await redis.hgetall(key)))).toEqual(comparable(turn.record));
          kinds.add(reply.answer.kind);
          for (const change of reply.changes) kinds.add(`${change.name} ${change.detail.split(' ')[0]}`);
          record = turn.record;
        }
      }),
      { numRuns: 60 },
    );
    // What the sequences must have been through for the agreement to mean something.
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'granted',
        'wait',
        'held',
        'told',
        'held because',
        'slow transient',
        'resumed held',
        'resumed paused',
        'restarted log',
        'restarted clock',
        'rate cut',
        'rate back',
        'rate quota',
      ]),
    );
  });

  it('keeps the lane in one key, and calls nothing else', async () => {
    await redis.flushall();
    const settings = JSON.stringify(resolveLaneSettings());
    const call: LaneCall = { op: 'tell', news: { seen: 0, stepped: false, sent: [], reports: [] } };
    await redis.eval(LANE_SCRIPT, 1, key, settings, JSON.stringify(call));
    expect(await redis.keys('*')).toEqual([key]);
  });

  it('grants many slots in one call when the quota is lifted, without touching the whole ring', async () => {
    await redis.flushall();
    const settings = JSON.stringify(resolveLaneSettings({ quotaPerSecond: 5000 }));
    const news = { seen: 0, stepped: false, sent: [], reports: [] };
    const ask = { id: 'a', waitedUs: 0, headStartUs: 0, want: 64 };
    const call: LaneCall = { op: 'take', news, ask };
    const reply = parseLaneReply(await redis.eval(LANE_SCRIPT, 1, key, settings, JSON.stringify(call)));
    expect(reply.answer).toMatchObject({ kind: 'granted', atUs: { length: 64 } });
    // The 64, and the one that would have been next.
    expect(Object.keys(await redis.hgetall(key)).filter((field) => /^s\d/.test(field)).length).toBeLessThan(
      66,
    );
  });
});
