import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { activeWorld } from './active-world.ts';
import type { World } from './world.ts';

interface Counted {
  ms: number;
  sequence: number;
}

const counted = new WeakMap<World, Counted>();

/**
 * Gives each world a UUIDv7 of its own. The package behind `typeid-js` counts on from one world of this process to the next,
 * so that a seed would have other ids after other seeds.
 */
export function installVirtualUuid(): void {
  const require = createRequire(import.meta.url);
  const entry = createRequire(require.resolve('typeid-js')).resolve('uuid');
  const implementation = require(join(dirname(entry), 'v7.js')) as { default: MakeUuid };
  const real = implementation.default;
  implementation.default = (options, into) =>
    activeWorld() === null ? real(options, into) : fillTimedUuid(into);
}

type MakeUuid = (options: unknown, into: Uint8Array) => Uint8Array;

function fillTimedUuid(into: Uint8Array): Uint8Array {
  const world = activeWorld();
  if (world === null) return into;
  const state = counted.get(world) ?? { ms: 0, sequence: 0 };
  counted.set(world, state);
  state.ms = Math.max(state.ms, Date.now());
  state.sequence += 1;
  world.chance.fill(into);
  const bytes = Buffer.from(into.buffer, into.byteOffset, 16);
  bytes.writeUIntBE(state.ms, 0, 6);
  bytes.writeUInt16BE(0x7000 | ((state.sequence >>> 14) & 0xfff), 6);
  bytes.writeUInt16BE(0x8000 | (state.sequence & 0x3fff), 8);
  return into;
}
