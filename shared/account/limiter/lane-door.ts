import { performance } from 'node:perf_hooks';
import type { Redis } from '../../store/redis/redis-client.ts';
import { defineScript } from '../../store/redis/script.ts';
import type { LaneAsk, LaneCall, LaneChange, LaneNews, LaneReport, SentSlot } from './lane-call.ts';
import { type LaneReply, parseLaneReply } from './lane-reply.ts';
import { LANE_SCRIPT } from './lane-script.ts';
import type { LaneSettings } from './lane-settings.ts';
import { type ClockBounds, observe } from './redis-clock.ts';

const runLaneScript = defineScript({ name: 'lane', keys: 1, lua: LANE_SCRIPT });

export interface LaneDoorDeps {
  readonly redis: Redis;
  /** The lane's hash. */
  readonly key: string;
  readonly settings: LaneSettings;
  readonly onChange: (change: LaneChange) => void;
  /** The lane could not be asked (an error), or can be again (undefined). Once per outage each. */
  readonly onReach: (error: unknown) => void;
}

type Errand =
  | { readonly op: 'tell' }
  | { readonly op: 'take'; readonly ask: LaneAsk }
  | { readonly op: 'pause' | 'hold'; readonly reason: string }
  | { readonly op: 'resume' };

/**
 * This process' one way to the lane's script. News (slots sent, reports) ride on whatever call goes next; when a call fails
 * they are kept for the one after it. Also keeps what the replies tell about Redis' clock.
 */
export class LaneDoor {
  readonly #deps: LaneDoorDeps;
  readonly #settings: string;
  #sent: SentSlot[] = [];
  #reports: LaneReport[] = [];
  #seen = 0;
  #stepped = false;
  #clock: ClockBounds | undefined;
  #reachable = true;

  constructor(deps: LaneDoorDeps) {
    this.#deps = deps;
    this.#settings = JSON.stringify(deps.settings);
  }

  /** Tells the lane what there is to tell, if anything. Never rejects: the news is kept for the next call. */
  async flush(): Promise<void> {
    if (this.#sent.length === 0 && this.#reports.length === 0) return;
    await this.call({ op: 'tell' }).catch(() => undefined);
  }

  noteSent(seq: number, sentUs: number): void {
    this.#sent.push([seq, sentUs]);
  }

  noteReport(report: LaneReport): void {
    this.#reports.push(report);
  }

  /** The earliest Redis' clock may read now; undefined before the first reply. Milliseconds since the epoch. */
  earliestMs(): number | undefined {
    return this.#clock && performance.now() + this.#clock.lowMs;
  }

  /** The latest Redis' clock may read now. */
  latestMs(): number {
    return performance.now() + (this.#clock?.highMs ?? Number.POSITIVE_INFINITY);
  }

  /** The monotonic time from which on Redis' clock surely reads `redisUs` or more. */
  monotonicMs(redisUs: number): number {
    return redisUs / 1000 - (this.#clock?.lowMs ?? 0);
  }

  /**
   * Runs the script. A grant that came with a step of Redis' clock is not used: its instant means nothing here.
   * @throws whatever ioredis throws; the news is kept
   */
  async call(errand: Errand): Promise<LaneReply> {
    const news: LaneNews = {
      seen: this.#seen,
      stepped: this.#stepped,
      sent: this.#sent,
      reports: this.#reports,
    };
    this.#sent = [];
    this.#reports = [];
    this.#stepped = false;
    const sentMs = performance.now();
    try {
      const reply = parseLaneReply(await this.#run({ ...errand, news }));
      const observed = observe(this.#clock, {
        sentMs,
        receivedMs: performance.now(),
        redisMs: reply.nowUs / 1000,
      });
      this.#clock = observed.bounds;
      this.#noteReach(undefined);
      this.#seen = Math.max(this.#seen, reply.seq);
      for (const change of reply.changes) this.#deps.onChange(change);
      return observed.kind === 'stepped' ? this.#refuse(reply) : reply;
    } catch (error) {
      this.#sent = [...news.sent, ...this.#sent];
      this.#reports = [...news.reports, ...this.#reports];
      this.#stepped ||= news.stepped;
      this.#noteReach(error);
      throw error;
    }
  }

  #noteReach(error: unknown): void {
    const reachable = error === undefined;
    if (reachable !== this.#reachable) this.#deps.onReach(error);
    this.#reachable = reachable;
  }

  #refuse(reply: LaneReply): LaneReply {
    this.#stepped = true;
    if (reply.answer.kind !== 'granted') return reply;
    for (const index of reply.answer.atUs.keys()) this.noteSent(reply.answer.seq + index, 0);
    return { ...reply, answer: { kind: 'wait', dueUs: reply.nowUs } };
  }

  #run(call: LaneCall): Promise<unknown> {
    const { redis, key } = this.#deps;
    return runLaneScript(redis, [key], [this.#settings, JSON.stringify(call)]);
  }
}
