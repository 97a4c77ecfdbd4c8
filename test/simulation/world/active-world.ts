import type { World } from './world.ts';

let active: World | null = null;

/** The world whose clock, dice and network this process has now; null outside a simulation. */
export const activeWorld = (): World | null => active;

export function enterWorld(world: World | null): void {
  active = world;
}
