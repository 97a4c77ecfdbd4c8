import { performance } from 'node:perf_hooks';
import type { Redis } from '../../store/redis/redis-client.ts';
import type { WriteHistory } from '../../store/redis/write-history.ts';
import type {
  AttemptReport,
  LimiterChange,
  LimiterReports,
  ReserveRequest,
  SentSlot,
} from './limiter-command.ts';
import { type LimiterReply, parseLimiterReply } from './limiter-reply.ts';
import { runLimiterScript } from './limiter-script.ts';
import { computeJoinMs, type LimiterSettings } from './limiter-settings.ts';
import { type ClockBounds, observe } from './redis-clock.ts';

export interface LimiterClientDeps {
  readonly redis: Redis;
  /** The limiter's hash. */
  readonly key: string;
  /** Of that key. */
  readonly history: WriteHistory;
  /** Names this process among those that share the limiter. No colon, no comma, no space. */
  readonly id: string;
  readonly settings: LimiterSettings;
  readonly onChange: (change: LimiterChange) => void;
  /** The limiter cannot be asked (an error), or can be again (undefined). Once per outage each. */
  readonly onReach: (error: unknown) => void;
}

/** What a process found when it looked for the first time, and the monotonic time from which it may reserve. */
interface Joined {
  readonly first: LimiterReply;
  readonly reservesFromMs: number;
}

/** After so long without an answer, the drift of two clocks hides a step that matters: 6 ms at {@link observe}'s 100 ppm. */
const KNOWN_FOR_MS = 60_000;
/** An idle process looks so often, so that it may reserve at once when there is work again. */
export const LOOK_EVERY_MS = 20_000;

type Purpose = { readonly op: 'report' } | { readonly op: 'reserve'; readonly request: ReserveRequest };

/**
 * This process' one way to the limiter's script, one numbered command at a time. Reports (slots sent, attempts) ride on
 * whatever command goes next. A command that fails may have been carried out: the one after it has the same number and the
 * same reports, so that the script knows it again. Also keeps what the replies say about Redis' clock.
 */
export class LimiterClient {
  readonly #deps: LimiterClientDeps;
  readonly #settings: string;
  #sent: SentSlot[] = [];
  #attempts: AttemptReport[] = [];
  #seen = 0;
  #stepped = false;
  #newHistory: string | undefined;
  #answered = 0;
  #unanswered: LimiterReports | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #clock: ClockBounds | undefined;
  #isReachable = true;
  #joined: Joined | undefined;

  constructor(deps: LimiterClientDeps) {
    this.#deps = deps;
    this.#settings = JSON.stringify(deps.settings);
  }

  /** Reports what there is to report, if anything. Never rejects: the reports are kept for the next command. */
  async flush(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#hasReports()) await this.#send({ op: 'report' });
    }).catch(() => undefined);
  }

  /**
   * Looks at the limiter for the first time, or after {@link LOOK_EVERY_MS} in which nothing else did. Never rejects: the next
   * reservation looks again, and waits then.
   */
  async look(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#joinIfUnknown();
      if (this.#silentMs() >= LOOK_EVERY_MS) await this.#send({ op: 'report' });
    }).catch(() => undefined);
  }

  noteSent(seq: number, sentUs: number, atUs: number): void {
    this.#sent.push([seq, sentUs, atUs]);
  }

  noteAttempt(report: AttemptReport): void {
    this.#attempts.push(report);
  }

  /** The latest Redis' clock may read now, milliseconds since the epoch; infinite before the first reply. */
  latestMs(): number {
    return performance.now() + (this.#clock?.highMs ?? Number.POSITIVE_INFINITY);
  }

  /** The monotonic time from which on Redis' clock surely reads `redisUs` or more. */
  monotonicMs(redisUs: number): number {
    return redisUs / 1000 - (this.#clock?.lowMs ?? 0);
  }

  /**
   * Asks for slots. A reservation that came with a step of Redis' clock is not used: its instant means nothing here. Nor is one that
   * came over a new connection before anything was known of the server behind it.
   *
   * @throws whatever ioredis throws; the reports are kept
   */
  async reserve(request: ReserveRequest): Promise<LimiterReply> {
    return this.#inTurn(async () => {
      const joined = await this.#joinIfUnknown();
      return this.#waitToReserve(joined) ?? (await this.#send({ op: 'reserve', request }));
    });
  }

  /** Joins for the first time, and where a step of Redis' clock since the last answer would not be seen. */
  async #joinIfUnknown(): Promise<Joined> {
    if (this.#joined === undefined || this.#silentMs() >= KNOWN_FOR_MS) this.#joined = await this.#join();
    return this.#joined;
  }

  #silentMs(): number {
    return performance.now() - (this.#clock?.atMs ?? Number.NEGATIVE_INFINITY);
  }

  /**
   * A process that joins, or that has had no answer for long, cannot know whether Redis' clock has just been set: after a step
   * forward, slots of this second would look to it like old ones. What was reserved before its first look is out of every window when
   * it has waited by its own clock.
   * Nothing was, where no slot has ever been given.
   */
  async #join(): Promise<Joined> {
    const first = await this.#send({ op: 'report' });
    const reservesFromMs = first.seq === 0 ? 0 : performance.now() + computeJoinMs(this.#deps.settings);
    return { first, reservesFromMs };
  }

  #waitToReserve({ first, reservesFromMs }: Joined): LimiterReply | undefined {
    if (performance.now() >= reservesFromMs) return undefined;
    const dueUs = Math.ceil((reservesFromMs + (this.#clock?.highMs ?? 0)) * 1000);
    return { ...first, changes: [], answer: { kind: 'wait', dueUs } };
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const ran = this.#last.then(run);
    this.#last = ran.catch(() => undefined);
    return ran;
  }

  #hasReports(): boolean {
    return this.#unanswered !== undefined || this.#sent.length > 0 || this.#attempts.length > 0;
  }

  #takeReports(): LimiterReports {
    const reports = {
      seen: this.#seen,
      stepped: this.#stepped,
      sent: this.#sent,
      attempts: this.#attempts,
    };
    this.#sent = [];
    this.#attempts = [];
    this.#stepped = false;
    return reports;
  }

  async #send(purpose: Purpose): Promise<LimiterReply> {
    try {
      this.#newHistory = (await this.#deps.history.findAnother()) ?? this.#newHistory;
      const isResent = this.#unanswered !== undefined;
      const reports = { ...(this.#unanswered ?? this.#takeReports()), newHistory: this.#newHistory };
      this.#unanswered = reports;
      const sentMs = performance.now();
      const reply = parseLimiterReply(await this.#run(purpose, reports));
      this.#answered += 1;
      this.#unanswered = undefined;
      // What is sent again may get the reply that was lost, and nothing of it is read then.
      if (!isResent) this.#newHistory = undefined;
      return this.#apply(purpose, reply, sentMs);
    } catch (error) {
      this.#noteReach(error);
      throw error;
    }
  }

  #apply(purpose: Purpose, reply: LimiterReply, sentMs: number): LimiterReply {
    const sample = { sentMs, receivedMs: performance.now(), redisMs: reply.nowUs / 1000 };
    const observed = observe(this.#clock, sample);
    this.#clock = observed.bounds;
    this.#noteReach(undefined);
    this.#seen = Math.max(this.#seen, reply.seq);
    for (const change of reply.changes) this.#deps.onChange(change);
    const isStep = observed.kind === 'stepped';
    if (isStep) this.#stepped = true;
    // A report may get the reply of a failed command that reserved slots, which no request waits for any more.
    const isUsable = !isStep && !this.#deps.history.mayBeAnother && purpose.op !== 'report';
    return isUsable ? reply : this.#cancel(reply);
  }

  #noteReach(error: unknown): void {
    const isReachable = error === undefined;
    if (isReachable !== this.#isReachable) this.#deps.onReach(error);
    this.#isReachable = isReachable;
  }

  #cancel(reply: LimiterReply): LimiterReply {
    if (reply.answer.kind !== 'reserved') return reply;
    for (const [index, atUs] of reply.answer.atUs.entries()) this.noteSent(reply.answer.seq + index, 0, atUs);
    return { ...reply, answer: { kind: 'wait', dueUs: reply.nowUs } };
  }

  #run(purpose: Purpose, reports: LimiterReports): Promise<unknown> {
    const { redis, key, id: client } = this.#deps;
    const command = { ...purpose, client, number: this.#answered + 1, reports };
    return runLimiterScript(redis, key, this.#settings, command);
  }
}
