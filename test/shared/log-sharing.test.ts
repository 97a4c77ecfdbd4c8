import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLogSharing, LINES_PER_TURN, LONGEST_LINE } from '../../shared/log-sharing.ts';

const line = (level: number, fields: object = {}) =>
  `${JSON.stringify({ level, time: '2026-03-01T08:00:00.000Z', part: 'worker', ...fields, msg: 'said' })}\n`;

interface Shared {
  readonly level: number;
  readonly event?: string;
  readonly count?: number;
  readonly n?: number;
  readonly msg: string;
  readonly shortened?: boolean;
}

/** A place that takes lines, unless it is made to fail. */
function startSharing({ everyMs = 1_000_000, wanted = 40 } = {}) {
  const turns: Shared[][] = [];
  const news = new EventEmitter();
  const place = { fails: false, wanted };
  const sharing = createLogSharing({
    append: async (lines) => {
      news.emit('turn');
      if (place.fails) throw new Error('Connection is closed.');
      turns.push(lines.map((text) => JSON.parse(text) as Shared));
    },
    readWanted: async () => {
      news.emit('asked');
      return place.wanted;
    },
    alwaysWanted: 40,
    now: () => 0,
    part: 'worker',
    everyMs,
  });
  const next = (name: string) => once(news, name, { signal: AbortSignal.timeout(30_000) });
  return { sharing, turns, place, next };
}

describe('log sharing', () => {
  it('hands warnings and errors on, and finer lines while they are wanted', async () => {
    const { sharing, turns, place, next } = startSharing({ everyMs: 2 });
    sharing.offer(line(30, { n: 1 }));
    sharing.offer(line(40, { n: 2 }));
    await next('turn');
    place.wanted = 30;
    await next('asked');
    await next('asked');
    sharing.offer(line(20, { n: 3 }));
    sharing.offer(line(30, { n: 4 }));
    await sharing.stop();
    expect(turns.flat().map(({ n }) => n)).toEqual([2, 4]);
  });

  it('keeps a hundred lines of a turn, and says how many more there were', async () => {
    const { sharing, turns } = startSharing();
    for (let i = 0; i < LINES_PER_TURN + 50; i += 1) sharing.offer(line(40, { n: i }));
    await sharing.stop();
    expect(turns).toHaveLength(1);
    expect(turns[0]).toHaveLength(LINES_PER_TURN + 1);
    expect(turns[0]?.at(-1)).toMatchObject({ level: 40, event: 'log_lines_left_out', count: 50 });
  });

  it('loses what cannot be handed on, goes on, and says how much that was', async () => {
    const { sharing, turns, place, next } = startSharing({ everyMs: 2 });
    place.fails = true;
    sharing.offer(line(50));
    sharing.offer(line(50));
    await next('turn');
    place.fails = false;
    await next('turn');
    sharing.offer(line(50, { n: 7 }));
    await sharing.stop();
    const shared = turns.flat();
    expect(shared.find(({ event }) => event === 'log_lines_left_out')).toMatchObject({ count: 2 });
    expect(shared.at(-1)).toMatchObject({ n: 7 });
  });

  it('cuts a line that is too long, and hands it on as a line', async () => {
    const { sharing, turns } = startSharing();
    sharing.offer(line(50, { event: 'job_error', err: { stack: 'x'.repeat(2 * LONGEST_LINE) } }));
    await sharing.stop();
    expect(turns[0]).toEqual([
      {
        level: 50,
        time: '2026-03-01T08:00:00.000Z',
        part: 'worker',
        event: 'job_error',
        shortened: true,
        msg: 'said',
      },
    ]);
  });
});
