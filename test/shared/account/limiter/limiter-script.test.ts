import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  AttemptReport,
  LimiterCommand,
  LimiterReports,
  SentSlot,
} from '../../../../shared/account/limiter/limiter-command.ts';
import { type LimiterReply, parseLimiterReply } from '../../../../shared/account/limiter/limiter-reply.ts';
import { runLimiterScript } from '../../../../shared/account/limiter/limiter-script.ts';
import {
  type LimiterSettings,
  resolveLimiterSettings,
} from '../../../../shared/account/limiter/limiter-settings.ts';
import { accountKeys } from '../../../../shared/store/keys.ts';
import { applyCommand } from '../../../model/apply-command.ts';
import { parseLimiterHash } from '../../../model/limiter-hash.ts';
import { type LimiterRecord, NEW_LIMITER } from '../../../model/limiter-record.ts';
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

const NO_REPORTS: LimiterReports = { seen: 0, stepped: false, sent: [], attempts: [] };

async function send(settings: LimiterSettings, command: LimiterCommand): Promise<LimiterReply> {
  return parseLimiterReply(await runLimiterScript(redis, key, JSON.stringify(settings), command));
}

/** A limiter fifty times as fast, so that a test of a second lives through minutes of it. */
function makeFastSettings(quota: number): LimiterSettings {
  return {
    ...resolveLimiterSettings({ quotaPerSecond: quota }),
    windowUs: 20_000,
    marginStartUs: 100,
    marginMinUs: 60,
    marginMaxUs: 1200,
    marginUpUs: 40,
    marginDownUs: 20,
    marginDownCalls: 10,
    marginFirstDownCalls: 4,
    marginTrialUs: 140,
    marginTrialCalls: 20,
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
  readonly settings: LimiterSettings;
  readonly command: LimiterCommand;
  /**
   * Before the command: the limiter is lost, its rate last changed long ago, or Redis' clock is set back by so much, seen by the newest
   * slot or by the silence.
   */
  readonly before:
    | 'nothing'
    | 'lost'
    | 'aged'
    | { readonly field: 'lastUs' | 'silentUntilUs'; readonly setBackUs: number };
}

const natural = (max: number) => fc.nat({ max });
// Failures in a row make it slow: they must outnumber what interrupts them, or a run may never see that.
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
/** Slot numbers and instants are drawn relative to what the limiter has reached by then. */
const drawnStep = fc.record({
  quota: fc.constantFrom(...Array.from({ length: 30 }, () => 20), 3, 500),
  before: fc.oneof(
    { weight: 60, arbitrary: fc.constant('nothing' as const) },
    { weight: 1, arbitrary: fc.constant('lost' as const) },
    { weight: 6, arbitrary: fc.constant('aged' as const) },
    {
      weight: 2,
      arbitrary: fc.record({
        field: fc.constantFrom('lastUs', 'silentUntilUs'),
        setBackUs: fc.constantFrom(1000, 50_000, 5_000_000),
      }),
    },
  ),
  op: fc.constantFrom(
    'reserve',
    'reserve',
    'reserve',
    'reserve',
    'reserve',
    'reserve',
    'reserve',
    'report',
    'pause',
    'resume',
    'resume',
  ),
  isResent: fc.constantFrom(false, false, false, false, false, true),
  aheadOfLimiter: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3),
  stepped: fc.constantFrom(false, false, false, false, false, false, false, false, true),
  newHistory: fc.option(fc.constantFrom('h1', 'h2'), { freq: 12, nil: undefined }),
  sent: fc.array(
    fc.tuple(natural(25), fc.option(natural(3000)), fc.constantFrom('unnamed', 'that', 'another')),
    {
      maxLength: 3,
    },
  ),
  reports: fc.array(fc.tuple(natural(25), evidence, fc.constantFrom(...'abcdefgh')), { maxLength: 2 }),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  waitedUs: natural(20_000),
  headStartUs: fc.constantFrom(0, 1_000_000),
  order: fc.option(
    fc.tuple(fc.constantFrom(0, 2, 4), fc.constantFrom(0, 1, 1.5, 12345 + 2 ** -16, 2 ** 31)),
    {
      nil: undefined,
    },
  ),
  want: fc.constantFrom(1, 1, 5, 64),
});

type DrawnStep = typeof drawnStep extends fc.Arbitrary<infer T> ? T : never;

function makeStep(drawn: DrawnStep, number: number, record: LimiterRecord): Step {
  const { seq, lastUs } = record;
  const settings = makeFastSettings(drawn.quota);
  const { op, id: client, waitedUs, headStartUs, want, order } = drawn;
  const slot = (back: number) => Math.max(1, seq - back);
  const reports = {
    seen: Math.max(0, seq - 1 + drawn.aheadOfLimiter),
    stepped: drawn.stepped,
    newHistory: drawn.newHistory,
    sent: drawn.sent.map(([back, late, which]): SentSlot => {
      const sentUs = late === null ? 0 : lastUs + late;
      const entryUs = record.slots.get(slot(back) % Math.max(1, record.size)) ?? 0;
      const grantedUs = Math.max(0, entryUs - settings.toleranceUs);
      if (which === 'unnamed') return [slot(back), sentUs];
      return [slot(back), sentUs, which === 'that' ? grantedUs : grantedUs + 1];
    }),
    attempts: drawn.reports.map(
      ([back, what, about]): AttemptReport => [slot(back), what, `Code.${what}`, about],
    ),
  };
  const sender = { client, number, reports };
  const command: LimiterCommand =
    op === 'reserve'
      ? { op, ...sender, request: { waitedUs, headStartUs, want, ...(order ? { order } : {}) } }
      : op === 'pause'
        ? { op, ...sender, reason: 'because' }
        : { op, ...sender };
  return { settings, command, before: drawn.before };
}

/** The fields that a script's writing and a Map treat alike: an absent ring entry is 0. */
function comparable(record: LimiterRecord) {
  const slots = [...record.slots].filter(([, us]) => us > 0).sort(([a], [b]) => a - b);
  return { ...record, slots, replies: undefined };
}

async function prepare(before: Step['before'], record: LimiterRecord): Promise<LimiterRecord> {
  if (before === 'nothing') return record;
  if (before === 'lost') {
    await redis.del(key);
    return NEW_LIMITER;
  }
  if (before === 'aged') {
    const rateAtUs = Math.max(0, record.rateAtUs - 20_000_000);
    await redis.hset(key, 'rateAtUs', String(rateAtUs));
    return { ...record, rateAtUs };
  }
  const us = record[before.field] + before.setBackUs;
  await redis.hset(key, before.field, String(us));
  return { ...record, [before.field]: us };
}

describe('the limiter script and its model', () => {
  it('decide alike and leave the same record, command after command', { timeout: 360_000 }, async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(drawnStep, { minLength: 60, maxLength: 120 }), async (drawnSteps) => {
        await redis.del(key);
        let record = NEW_LIMITER;
        let number = 0;
        for (const drawn of drawnSteps) {
          number += drawn.isResent ? 0 : 1;
          const { settings, command, before } = makeStep(drawn, Math.max(1, number), record);
          const prepared = record.size === 0 ? record : await prepare(before, record);
          const reply = await send(settings, command);
          const applied = applyCommand(prepared, command, settings, reply.nowUs);
          expect(reply).toEqual({
            answer: applied.answer,
            changes: applied.changes,
            seq: applied.seq,
            nowUs: applied.nowUs,
          });
          expect(comparable(parseLimiterHash(await redis.hgetall(key)))).toEqual(comparable(applied.record));
          kinds.add(reply.answer.kind);
          for (const change of reply.changes) kinds.add(`${change.name} ${change.detail.split(' ')[0]}`);
          record = applied.record;
        }
      }),
      { numRuns: 50 },
    );
    // What the sequences must have been through for the agreement to mean something.
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'reserved',
        'wait',
        'closed',
        'reported',
        'held Code.account_fault',
        'slow transient',
        'resumed held',
        'resumed paused',
        'restarted log',
        'restarted clock',
        'restarted another',
        'rate cut',
        'rate back',
        'rate quota',
      ]),
    );
  });

  it('keeps the limiter in one key, and calls nothing else', async () => {
    await redis.flushall();
    await send(resolveLimiterSettings(), { op: 'report', client: 'a', number: 1, reports: NO_REPORTS });
    expect(await redis.keys('*')).toEqual([key]);
  });

  it('reserves many slots in one command when the quota is lifted, without touching the whole ring', async () => {
    await redis.flushall();
    const settings = resolveLimiterSettings({ quotaPerSecond: 5000 });
    const request = { waitedUs: 0, headStartUs: 0, want: 64 };
    const command = { op: 'reserve', client: 'a', number: 1, reports: NO_REPORTS, request } as const;
    expect((await send(settings, command)).answer).toMatchObject({ kind: 'reserved', atUs: { length: 64 } });
    // The 64, and the one that would have been next.
    expect(Object.keys(await redis.hgetall(key)).filter((field) => /^s\d/.test(field)).length).toBeLessThan(
      66,
    );
  });
});

describe('the circuit breaker', () => {
  const reserve = { op: 'reserve', client: 'a', request: { waitedUs: 0, headStartUs: 0, want: 1 } } as const;

  /** Reports one attempt each about people by these letters: upper case failed, lower case was answered. */
  async function reportAll(settings: LimiterSettings, people: string): Promise<readonly string[]> {
    await redis.flushall();
    await send(settings, { ...reserve, number: 1, reports: NO_REPORTS });
    const changes: string[] = [];
    for (const [i, letter] of [...people].entries()) {
      const evidence = letter === letter.toUpperCase() ? 'failed' : 'answered';
      const attempts: readonly AttemptReport[] = [[1, evidence, 'InternalError', letter.toLowerCase()]];
      const reply = await send(settings, {
        op: 'report',
        client: 'a',
        number: i + 2,
        reports: { ...NO_REPORTS, seen: 1, attempts },
      });
      changes.push(...reply.changes.map(({ name }) => name));
    }
    return changes;
  }

  it.each([
    { people: 'AbC', of: 'the last three people', changes: ['slow'] },
    { people: 'AbcdE', of: 'people before the last three', changes: [] },
    { people: 'bAAAAA', of: 'one person alone', changes: [] },
    { people: 'ABab', of: 'two people', changes: ['slow'] },
  ])(
    'looks at the latest attempt of the last people: $people, failures of $of',
    async ({ people, changes }) => {
      const settings = { ...resolveLimiterSettings(), slowWindow: 3, slowAfter: 2 };
      expect((await reportAll(settings, people)).slice(0, 1)).toEqual(changes);
    },
  );

  it.each([
    { evidence: 'account_fault', by: 'held', interval: 'probeUs' },
    { evidence: 'maintenance', by: 'slow', interval: 'slowProbeUs' },
  ] as const)(
    'that is $by probes one interval after a clock was set back, at the latest',
    async ({ evidence, by, interval }) => {
      const settings = resolveLimiterSettings();
      await redis.flushall();
      await send(settings, { ...reserve, number: 1, reports: NO_REPORTS });
      const attempts: readonly AttemptReport[] = [[1, evidence, 'Code', 'p1']];
      await send(settings, {
        op: 'report',
        client: 'a',
        number: 2,
        reports: { ...NO_REPORTS, seen: 1, attempts },
      });
      const { lastUs } = parseLimiterHash(await redis.hgetall(key));
      const hourUs = 3_600_000_000;
      await redis.hset(key, 'lastUs', String(lastUs + hourUs), 'probeAtUs', String(lastUs + 2 * hourUs));
      const reply = await send(settings, { ...reserve, number: 3, reports: { ...NO_REPORTS, seen: 1 } });
      expect(reply.answer).toMatchObject({
        kind: 'closed',
        status: by,
        untilUs: reply.nowUs + settings[interval],
      });
    },
  );
});

describe('a slot from before the log was lost', () => {
  it('gives nothing back when another slot has its number by now', async () => {
    const settings = resolveLimiterSettings();
    const request = { waitedUs: 0, headStartUs: 0, want: 1 };
    await redis.flushall();
    const reserve = { op: 'reserve', client: 'a', number: 1, reports: NO_REPORTS, request } as const;
    const { answer, nowUs } = await send(settings, reserve);
    const [atUs = 0] = answer.kind === 'reserved' ? answer.atUs : [];
    expect(atUs).toBeGreaterThan(0);
    const givenBack = async (number: number, slotAtUs: number) => {
      const sent: readonly SentSlot[] = [[1, 0, slotAtUs]];
      const reports = { ...NO_REPORTS, seen: 1, sent };
      await send(settings, { op: 'report', client: 'b', number, reports });
      return (await redis.hget(key, 's1')) === '0';
    };
    expect(await givenBack(1, nowUs - 2_000_000)).toBe(false);
    expect(await givenBack(2, atUs)).toBe(true);
  });
});

describe('another Redis that takes over', () => {
  it('keeps the limiter silent for a second, however many processes find it', async () => {
    const settings = resolveLimiterSettings();
    const request = { waitedUs: 0, headStartUs: 0, want: 1 };
    await redis.flushall();
    const ask = (client: string, newHistory?: string) =>
      send(settings, {
        op: 'reserve',
        client,
        number: 1,
        reports: { ...NO_REPORTS, seen: 1, newHistory },
        request,
      });
    await ask('a');
    const found = await ask('b', 'h1');
    expect(found.changes).toEqual([{ name: 'restarted', detail: 'another Redis' }]);
    expect(found.answer.kind).toBe('wait');
    const { silentUntilUs } = parseLimiterHash(await redis.hgetall(key));
    expect(silentUntilUs - found.nowUs).toBeGreaterThanOrEqual(settings.windowUs);
    expect((await ask('c', 'h1')).changes).toEqual([]);
    expect(parseLimiterHash(await redis.hgetall(key)).silentUntilUs).toBe(silentUntilUs);
    expect((await ask('d', 'h2')).changes).toEqual(found.changes);
  });
});

describe('a command that is sent again', () => {
  const settings = resolveLimiterSettings();
  const request = { waitedUs: 0, headStartUs: 0, want: 1 };
  const reserve = (client: string) =>
    ({ op: 'reserve', client, number: 1, reports: NO_REPORTS, request }) as const;
  const refused = (number: number) => {
    const attempts: readonly AttemptReport[] = [[1, 'refused', 'RequestLimitExceeded', 'p1']];
    return { op: 'report', client: 'a', number, reports: { ...NO_REPORTS, attempts } } as const;
  };
  const countRefusals = async () => parseLimiterHash(await redis.hgetall(key)).refusals.length;

  it.each([
    { what: 'takes no second slot', command: reserve('b') },
    { what: 'counts no refusal twice', command: refused(2) },
    { what: 'says again that it paused', command: { ...refused(2), op: 'pause', reason: 'why' } as const },
  ])('$what, and gets the reply of the first time', async ({ command }) => {
    await redis.flushall();
    await send(settings, reserve('a'));
    const once = await send(settings, command);
    const left = await redis.hgetall(key);
    expect(await send(settings, command)).toEqual(once);
    expect(await redis.hgetall(key)).toEqual(left);
  });

  it('changes nothing when it arrives after the command that followed it', async () => {
    await redis.flushall();
    await send(settings, reserve('a'));
    await send(settings, refused(2));
    const latest = await send(settings, refused(3));
    expect(await send(settings, refused(2))).toEqual(latest);
    expect(await countRefusals()).toBe(2);
  });

  it('keeps the latest refusals alone, however many there were', async () => {
    await redis.flushall();
    await send(settings, reserve('a'));
    for (let number = 2; number < 42; number += 1) await send(settings, refused(number));
    expect(await countRefusals()).toBe(32);
  });

  it('is known as long as its process may send it; processes that are gone are forgotten', async () => {
    await redis.flushall();
    const long = Math.floor(Date.now() / 1000) - 3600;
    await redis.hset(key, 'clients', `gone:${long}`, 'client:gone', `7 ${long} []`);
    await send(settings, reserve('a'));
    await send(settings, reserve('b'));
    const fields = Object.keys(await redis.hgetall(key)).filter((field) => field.startsWith('client:'));
    expect(fields.sort()).toEqual(['client:a', 'client:b']);
  });
});
