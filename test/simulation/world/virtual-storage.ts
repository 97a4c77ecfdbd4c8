import { AsyncLocalStorage } from 'node:async_hooks';
import { activeWorld } from './active-world.ts';
import type { World } from './world.ts';

const opened = new WeakMap<World, Set<AsyncLocalStorage<unknown>>>();

/**
 * Notes which storages a world uses. Node passes the values of all of them on with each promise until they are disabled, so
 * that seeds would get slower the more of them a process has run.
 */
export function installVirtualStorage(): void {
  const { prototype } = AsyncLocalStorage;
  const { run } = prototype as { run: (...args: unknown[]) => unknown };
  Object.assign(prototype, {
    run: function runNoted(this: AsyncLocalStorage<unknown>, ...args: unknown[]): unknown {
      const world = activeWorld();
      if (world !== null) {
        const storages = opened.get(world) ?? new Set();
        opened.set(world, storages.add(this));
      }
      return run.apply(this, args);
    },
  });
}

export function disableStorages(world: World): void {
  for (const storage of opened.get(world) ?? []) storage.disable();
}
