import { createRequire, syncBuiltinESMExports } from 'node:module';
import { activeWorld } from './active-world.ts';
import type { Happening, Instance, World } from './world.ts';

const require = createRequire(import.meta.url);

/** Timers never fire early, and late by what a busy event loop costs. */
const LATE_MS = { usual: 1.5, rare: 25, rarely: 0.01 } as const;

class VirtualTimer {
  readonly #world: World;
  readonly #owner: Instance;
  readonly #ms: number;
  readonly #repeats: boolean;
  readonly #run: () => void;
  #happening: Happening | null = null;

  constructor(world: World, ms: unknown, repeats: boolean, run: () => void) {
    this.#world = world;
    this.#owner = world.current;
    this.#ms = Math.max(1, Number(ms) || 0);
    this.#repeats = repeats;
    this.#run = run;
    this.#arm();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    this.close();
    this.#arm();
    return this;
  }

  close(): this {
    if (this.#happening !== null) this.#happening.cancelled = true;
    this.#happening = null;
    return this;
  }

  #arm(): void {
    const { random } = this.#world;
    const late =
      random.next() < LATE_MS.rarely ? random.between(0, LATE_MS.rare) : random.between(0, LATE_MS.usual);
    this.#happening = this.#world.after(this.#ms + late, this.#owner, `timer ${this.#ms}`, () => {
      this.#happening = null;
      if (this.#repeats) this.#arm();
      this.#run();
    });
  }
}

class VirtualImmediate {
  readonly #happening: Happening;

  constructor(world: World, run: () => void) {
    this.#happening = world.after(0, world.current, 'immediate', run);
  }

  cancel(): void {
    this.#happening.cancelled = true;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

type Callback = (...args: unknown[]) => void;

interface Timers {
  setTimeout: unknown;
  setInterval: unknown;
  setImmediate: unknown;
  clearTimeout: unknown;
  clearInterval: unknown;
  clearImmediate: unknown;
}

/** Puts the clock of the active world behind timers, `Date` and `performance` of this process. */
export function installVirtualTime(): void {
  const real = {
    setTimeout: globalThis.setTimeout as (...args: unknown[]) => unknown,
    setInterval: globalThis.setInterval as (...args: unknown[]) => unknown,
    setImmediate: globalThis.setImmediate as (...args: unknown[]) => unknown,
    clear: globalThis.clearTimeout as (timer: unknown) => void,
    clearImmediate: globalThis.clearImmediate as (timer: unknown) => void,
  };
  const start = (repeats: boolean, otherwise: (...args: unknown[]) => unknown) =>
    function startTimer(run: Callback, ms?: unknown, ...args: unknown[]): unknown {
      const world = activeWorld();
      if (world === null) return otherwise(run, ms, ...args);
      return new VirtualTimer(world, ms, repeats, () => run(...args));
    };
  const clear = (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.close();
    else real.clear(timer);
  };
  const timers: Timers = {
    setTimeout: start(false, real.setTimeout),
    setInterval: start(true, real.setInterval),
    setImmediate: (run: Callback, ...args: unknown[]): unknown => {
      const world = activeWorld();
      return world === null
        ? real.setImmediate(run, ...args)
        : new VirtualImmediate(world, () => run(...args));
    },
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: (immediate: unknown): void => {
      if (immediate instanceof VirtualImmediate) immediate.cancel();
      else real.clearImmediate(immediate);
    },
  };
  Object.assign(globalThis, timers);
  Object.assign(require('node:timers') as Timers, timers);
  installPromisedTimers(require('node:timers/promises') as { setTimeout: unknown; setImmediate: unknown });
  installClocks();
  syncBuiltinESMExports();
}

function installPromisedTimers(promised: { setTimeout: unknown; setImmediate: unknown }): void {
  const real = { ...promised } as Record<string, (...args: unknown[]) => unknown>;
  interface Options {
    readonly signal?: AbortSignal;
  }
  promised.setTimeout = (ms?: number, value?: unknown, options: Options = {}): unknown => {
    if (activeWorld() === null) return real['setTimeout']?.(ms, value, options);
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const fail = () => {
        clearTimeout(timer);
        reject(new DOMException('The operation was aborted', { name: 'AbortError', cause: signal?.reason }));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', fail);
        resolve(value);
      }, ms);
      if (signal?.aborted === true) fail();
      else signal?.addEventListener('abort', fail, { once: true });
    });
  };
  promised.setImmediate = (value?: unknown): unknown =>
    activeWorld() === null
      ? real['setImmediate']?.(value)
      : new Promise((resolve) => setImmediate(() => resolve(value)));
}

function installClocks(): void {
  const RealDate = globalThis.Date;
  const nowOf = (): number => {
    const world = activeWorld();
    return world === null ? RealDate.now() : Math.floor(world.wallMs());
  };
  class VirtualDate extends RealDate {
    constructor(...args: readonly unknown[]) {
      if (args.length === 0) super(nowOf());
      else super(...(args as [number]));
    }

    static override now(): number {
      return nowOf();
    }
  }
  globalThis.Date = VirtualDate as DateConstructor;
  const realNow = performance.now.bind(performance);
  const realOrigin = performance.timeOrigin;
  Object.defineProperties(performance, {
    now: { configurable: true, value: () => activeWorld()?.now ?? realNow() },
    timeOrigin: {
      configurable: true,
      get: () => {
        const world = activeWorld();
        return world === null ? realOrigin : world.wallMs(world.nature) - world.now;
      },
    },
  });
  const realHrtime = process.hrtime.bigint;
  process.hrtime.bigint = () => {
    const world = activeWorld();
    return world === null ? realHrtime() : BigInt(Math.floor(world.now * 1e6));
  };
  const realTimeout = AbortSignal.timeout;
  AbortSignal.timeout = (ms) => {
    if (activeWorld() === null) return realTimeout(ms);
    const abort = new AbortController();
    setTimeout(() => abort.abort(new DOMException('The operation timed out', 'TimeoutError')), ms);
    return abort.signal;
  };
}
