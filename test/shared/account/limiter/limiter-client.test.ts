import { performance } from 'node:perf_hooks';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LimiterClient, LOOK_EVERY_MS } from '../../../../shared/account/limiter/limiter-client.ts';
import type { LimiterReply } from '../../../../shared/account/limiter/limiter-reply.ts';
import {
  computeJoinMs,
  resolveLimiterSettings,
} from '../../../../shared/account/limiter/limiter-settings.ts';
import { readLuaFile } from '../../../../shared/store/redis/lua-file.ts';
import type { Redis } from '../../../../shared/store/redis/redis-client.ts';
import type { CommandContext } from '../../../simulation/redis/command.ts';
import { HASH_COMMANDS } from '../../../simulation/redis/commands-hashes.ts';
import { KEY_COMMANDS } from '../../../simulation/redis/commands-keys.ts';
import { Keyspace } from '../../../simulation/redis/keyspace.ts';
import { type LuaEngine, openLuaEngine } from '../../../simulation/redis/lua-engine.ts';

const settings = resolveLimiterSettings({});
const JOIN_MS = computeJoinMs(settings);
const EPOCH_MS = 1_700_000_000_000;
const COMMANDS = { ...HASH_COMMANDS, ...KEY_COMMANDS };
const { lua } = readLuaFile(new URL('../../../../shared/account/limiter/limiter.lua', import.meta.url));

let engine: LuaEngine;
let nowMs: number;
/** By how much Redis' clock was set forward. */
let aheadMs: number;
let redis: Redis;

beforeAll(async () => {
  engine = await openLuaEngine();
});

beforeEach(() => {
  nowMs = 1_000;
  aheadMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  redis = openLimiterRedis();
});
afterEach(() => void vi.restoreAllMocks());

/** Runs the limiter's script under the clock of the test. A command takes no time. */
function openLimiterRedis(): Redis {
  const nowUs = () => (EPOCH_MS + nowMs + aheadMs) * 1_000;
  const context: CommandContext = {
    keyspace: new Keyspace(() => EPOCH_MS + nowMs + aheadMs),
    nowUs,
    random: () => 0,
  };
  const call = async (_: string, [, , key = '', ...args]: readonly string[]) =>
    engine.run(lua, [key], args, ([name = '', ...rest]) => {
      const found = COMMANDS[name.toUpperCase()];
      if (found === undefined) throw new Error(`The limiter called ${name}, which it does not have here`);
      return found.run(context, rest);
    });
  return { call } as unknown as Redis;
}

const openClient = (id: string) =>
  new LimiterClient({
    redis,
    key: 'quota',
    history: { mayBeAnother: false, findAnother: async () => undefined },
    id,
    settings,
    onChange: () => undefined,
    onReach: () => undefined,
  });

const request = { waitedUs: 0, headStartUs: 0, want: 1 };

/** How long the client is to wait, by Redis' clock; null when it has a slot. */
function waitMsOf({ answer }: LimiterReply): number | null {
  return answer.kind === 'wait' ? answer.dueUs / 1_000 - EPOCH_MS - nowMs - aheadMs : null;
}

/** How long it takes until the client has a slot. It waits for 250 ms at a time at most. */
async function takeSlot(client: LimiterClient): Promise<number> {
  const begunMs = nowMs;
  for (;;) {
    const waitMs = waitMsOf(await client.reserve(request));
    if (waitMs === null) return nowMs - begunMs;
    nowMs += Math.max(1, waitMs);
  }
}

/** Another process uses slots just now. */
async function useOthers(): Promise<void> {
  const other = openClient('other');
  await other.look();
  nowMs += JOIN_MS;
  await other.reserve(request);
}

describe('a process that shares a limiter', () => {
  it('waits for its first slot when it has not looked before, and others use the limiter', async () => {
    await useOthers();
    expect(await takeSlot(openClient('late'))).toBeCloseTo(JOIN_MS, 0);
  });

  it('waits no more when it has looked before', async () => {
    await useOthers();
    const idle = openClient('idle');
    await idle.look();
    nowMs += JOIN_MS;
    expect(await takeSlot(idle)).toBeLessThan(100);
  });

  it('may reserve at once after an hour without work in which it has looked', async () => {
    await useOthers();
    const idle = openClient('idle');
    await idle.look();
    for (let ms = 0; ms < 3_600_000; ms += LOOK_EVERY_MS) {
      nowMs += LOOK_EVERY_MS;
      await idle.look();
    }
    nowMs += LOOK_EVERY_MS - 1;
    expect(await takeSlot(idle)).toBeLessThan(100);
  });

  it("sees a step of Redis' clock after it has looked, and lets the limiter be silent", async () => {
    const idle = openClient('idle');
    await idle.look();
    await useOthers();
    nowMs += LOOK_EVERY_MS - 1_000;
    aheadMs += 40;
    expect(await takeSlot(idle)).toBeGreaterThan(1_000);
  });

  it('waits again after a minute without an answer: a step would not be seen for the drift of the clocks', async () => {
    const idle = openClient('idle');
    await idle.look();
    await useOthers();
    nowMs += 600_000;
    aheadMs += 40;
    expect(await takeSlot(idle)).toBeCloseTo(JOIN_MS, 0);
  });

  it('asks nothing of Redis while others of its commands do', async () => {
    const busy = openClient('busy');
    await busy.look();
    nowMs += LOOK_EVERY_MS - 1;
    await busy.reserve(request);
    nowMs += LOOK_EVERY_MS - 1;
    const call = vi.spyOn(redis, 'call');
    await busy.look();
    expect(call).not.toHaveBeenCalled();
    nowMs += 1;
    await busy.look();
    expect(call).toHaveBeenCalledOnce();
  });
});
