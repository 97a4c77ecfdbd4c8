import { readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { RedisLog } from '../../shared/store/redis/redis-log.ts';
import {
  isAlive,
  listPidFiles,
  loadOrCreateIdentity,
  makePidFileName,
  prepareFolder,
  type RedisIdentity,
  replaceIdentity,
  writeConfig,
} from './private-redis-folder.ts';
import { findOccupant } from './private-redis-occupant.ts';
import { type RedisExit, type RedisProcess, spawnRedis } from './redis-process.ts';

export interface PrivateRedis {
  /** With the password; the same after a restart in the same folder. */
  readonly url: string;
  readonly pid: number;
  /** Settles when Redis ends, by `stop` or by itself. */
  readonly exited: Promise<RedisExit>;
  /** Data written down, process gone. */
  stop(): Promise<void>;
}

export interface PrivateRedisOptions {
  /** Belongs to this Redis alone; made with mode 0700. */
  readonly dataDir: string;
  /** Absolute path of `redis-server` or `valkey-server`. */
  readonly binary: string;
  readonly log: RedisLog;
}

const STARTS = 5;
const STOP_DEADLINE_MS = 10_000;
const REMINDER_MS = 500;

/**
 * Starts a Redis for this program alone, on a loopback port with a random password, AOF every second and no
 * eviction. It ends with this program, however that ends; what a previous one left running is stopped first.
 *
 * A folder belongs to one program at a time: two Redis in one folder would destroy its data, and a Redis shared
 * by two programs would end under the second when the first one stops. To share one, start it apart and hand
 * both its `REDIS_URL`.
 *
 * @throws {Error} if another program uses the folder, or Redis does not start (with its last lines)
 */
export async function startPrivateRedis(options: PrivateRedisOptions): Promise<PrivateRedis> {
  const dataDir = resolve(options.dataDir);
  await prepareFolder(dataDir);
  let identity = await loadOrCreateIdentity(dataDir);
  let lastLines: readonly string[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const pidFile = makePidFileName(dataDir, process.pid);
    const redis = spawnRedis({
      binary: options.binary,
      configFile: await writeConfig(dataDir, identity),
      pidFile,
      dataDir,
    });
    const outcome = await redis.started;
    if (outcome.kind === 'ready') {
      return own(redis, { dataDir, pidFile, identity, log: options.log });
    }
    lastLines = outcome.lastLines;
    if (!lastLines.some((line) => /address already in use/i.test(line))) {
      break;
    }
    identity = await clearPort({ dataDir, identity, log: options.log, isLastTry: start >= STARTS - 2 });
  }
  throw new Error(`${options.binary} in ${dataDir} ended after its start:\n${lastLines.join('\n')}`);
}

/** Something listens on our port. Returns the identity to try next. */
async function clearPort({
  dataDir,
  identity,
  log,
  isLastTry,
}: {
  dataDir: string;
  identity: RedisIdentity;
  log: RedisLog;
  isLastTry: boolean;
}): Promise<RedisIdentity> {
  const occupant = await findOccupant(dataDir, identity);
  switch (occupant.kind) {
    case 'none':
      // One that hangs up on us again and again is no Redis on its way out.
      return isLastTry ? moveAway(dataDir) : identity;
    case 'abandoned':
      log.info(
        { event: 'redis_taken_over', redisPid: occupant.redisPid },
        'stopping the private Redis of a program that is gone',
      );
      await occupant.stop();
      return identity;
    case 'owned':
      throw new Error(
        `${dataDir} is in use by process ${occupant.ownerPid}. Stop that program, set VERIQUEUE_DATA_DIR to another folder, or let both share a Redis by REDIS_URL`,
      );
    case 'stranger':
      return moveAway(dataDir);
    default:
      return occupant satisfies never;
  }
}

/** Another port unlocks the folder, so no Redis may run in it: not even one too hung to say who it is. */
async function moveAway(dataDir: string): Promise<RedisIdentity> {
  const alive = (await listPidFiles(dataDir)).find(({ pid }) => isAlive(pid));
  if (alive !== undefined) {
    throw new Error(
      `A Redis from an earlier start runs in ${dataDir} and does not answer (process ${alive.pid}). Stop it, or delete ${alive.file} if that process is no Redis`,
    );
  }
  return replaceIdentity(dataDir);
}

async function own(
  redis: RedisProcess,
  {
    dataDir,
    pidFile,
    identity,
    log,
  }: { dataDir: string; pidFile: string; identity: RedisIdentity; log: RedisLog },
): Promise<PrivateRedis> {
  const pid = Number(await readFile(pidFile, 'utf8'));
  const leftovers = (await listPidFiles(dataDir)).filter(({ file }) => file !== pidFile);
  await Promise.all(leftovers.map(({ file }) => rm(file, { force: true })));

  let stopping: Promise<void> | undefined;
  void redis.exited.then(({ code, lastLines }) => {
    if (stopping === undefined) {
      log.warn({ event: 'redis_ended', code, lastLines }, 'the private Redis ended by itself');
    }
  });
  return {
    url: `redis://:${identity.password}@127.0.0.1:${identity.port}`,
    pid,
    exited: redis.exited,
    stop: () => {
      stopping ??= stopProcess(redis, pid);
      return stopping;
    },
  };
}

async function stopProcess(redis: RedisProcess, pid: number): Promise<void> {
  redis.requestStop();
  // Until `exited`, the guard has not collected Redis' exit, so the pid cannot have become another process's.
  const signal = (name: NodeJS.Signals) => isAlive(pid) && process.kill(pid, name);
  // Redis declines to stop while it writes its first AOF, and forgets that it was asked.
  const reminder = setInterval(signal, REMINDER_MS, 'SIGTERM');
  const deadline = setTimeout(signal, STOP_DEADLINE_MS, 'SIGKILL');
  await redis.exited;
  clearInterval(reminder);
  clearTimeout(deadline);
}
