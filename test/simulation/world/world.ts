import { Agenda } from './agenda.ts';
import { SeededRandom } from './random.ts';
import { realClock } from './real-clock.ts';
import type { Trace } from './trace.ts';

/** A process of the simulation: what it has begun goes on only when the world hands it an event. */
export interface Instance {
  readonly name: string;
  alive: boolean;
  frozen: boolean;
  /** By how much its wall clock is wrong, in ms. */
  wallOffsetMs: number;
}

export interface Happening {
  readonly at: number;
  readonly order: number;
  readonly owner: Instance;
  readonly what: string;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * 2 January 2038, noon in China: later than any clock that runs this, so that no real Redis lets a key expire meanwhile. Not
 * later than 2039: BullMQ's scores, ms times 4,096, have more digits from then on than a number holds.
 */
const EPOCH_MS = Date.UTC(2038, 0, 2, 4);

/** Then Node itself has its turn: for signals, and for what the process writes. */
const STEPS_A_TURN = 100;

/**
 * One virtual clock and one agenda. Everything that a process waits for is an entry there: a timer, bytes on a connection, an
 * immediate. The world takes them one at a time, in an order that the seed decides, and lets each run until nothing of it can
 * go on by itself. So a process that is not handed events any more stands still between two awaits, as if it had been killed
 * there.
 */
export class World {
  readonly random: SeededRandom;
  /** For what the code under test draws. */
  readonly chance: SeededRandom;
  readonly trace: Trace;
  readonly nature: Instance = { name: 'nature', alive: true, frozen: false, wallOffsetMs: 0 };
  current: Instance = this.nature;
  /** Ms since the beginning. */
  now = 0;
  steps = 0;
  readonly #agenda = new Agenda<Happening>();
  readonly #held = new Map<Instance, Happening[]>();
  #order = 0;

  constructor(seed: number, trace: Trace) {
    this.random = new SeededRandom(seed);
    this.chance = this.random.fork();
    this.trace = trace;
  }

  add(name: string): Instance {
    return { name, alive: true, frozen: false, wallOffsetMs: 0 };
  }

  wallMs(instance: Instance = this.current): number {
    return EPOCH_MS + this.now + instance.wallOffsetMs;
  }

  after(ms: number, owner: Instance, what: string, run: () => void): Happening {
    this.#order += 1;
    const at = this.now + Math.max(0, ms);
    const happening = { at, order: this.#order, owner, what, run, cancelled: false };
    this.#agenda.add(happening);
    return happening;
  }

  kill(instance: Instance): void {
    instance.alive = false;
    this.#held.delete(instance);
  }

  freeze(instance: Instance): void {
    instance.frozen = true;
  }

  /** What came meanwhile is handed out at once, in its order. */
  thaw(instance: Instance): void {
    instance.frozen = false;
    const held = this.#held.get(instance) ?? [];
    this.#held.delete(instance);
    for (const { what, run, cancelled } of held) {
      if (!cancelled) this.after(0, instance, what, run);
    }
  }

  /**
   * Runs until `isOver`, or nothing is left, or the clock passes `untilMs`.
   *
   * @param afterEach called between two happenings
   * @returns whether it was over in time
   */
  run(
    isOver: () => boolean,
    untilMs: number,
    afterEach: (owner: Instance) => void = () => undefined,
  ): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          for (let left = STEPS_A_TURN; left > 0; left -= 1) {
            const over = isOver();
            if (over || !this.#step(untilMs, afterEach)) {
              resolve(over);
              return;
            }
          }
          realClock.turn(turn);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      realClock.turn(turn);
    });
  }

  /** @returns false when nothing is left that is due by then */
  #step(untilMs: number, afterEach: (owner: Instance) => void): boolean {
    const next = this.#agenda.first;
    if (next === undefined || next.at > untilMs) return false;
    this.#agenda.take();
    if (next.cancelled || !next.owner.alive) return true;
    this.now = Math.max(this.now, next.at);
    if (next.owner.frozen) {
      this.#hold(next);
      return true;
    }
    this.steps += 1;
    this.trace.note(this.now, next.owner.name, next.what);
    this.current = next.owner;
    next.run();
    realClock.settle();
    this.current = this.nature;
    afterEach(next.owner);
    return true;
  }

  #hold(happening: Happening): void {
    const held = this.#held.get(happening.owner);
    if (held === undefined) this.#held.set(happening.owner, [happening]);
    else held.push(happening);
  }
}
