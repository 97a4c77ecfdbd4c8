import { openRedis } from '../../shared/store/open-redis.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { isAlive, parseOwnerPid, type RedisIdentity } from './private-redis-folder.ts';

/**
 * Who listens on the port of a private Redis.
 *
 * - `owned`: our Redis, and the program that started it lives
 * - `abandoned`: our Redis, its program is gone, and it was not stopped (yet)
 * - `none`: it has ended, or is about to
 * - `stranger`: something that does not know our password or serves another folder, or does not answer
 */
export type Occupant =
  | { readonly kind: 'none' }
  | { readonly kind: 'stranger' }
  | { readonly kind: 'owned'; readonly ownerPid: number }
  | { readonly kind: 'abandoned'; readonly redisPid: number; stop(): Promise<void> };

const STOP_TIMEOUT_MS = 15_000;

/** What does not answer is an answer here. */
const silent = { info: () => undefined, warn: () => undefined };

export async function findOccupant(dataDir: string, identity: RedisIdentity): Promise<Occupant> {
  const client = openRedis(
    { url: `redis://:${identity.password}@127.0.0.1:${identity.port}`, log: silent },
    'probe',
  );
  const errors: unknown[] = [];
  client.on('error', (error) => errors.push(error));
  try {
    await client.connect();
    return await identify(client, dataDir);
  } catch (error) {
    client.disconnect();
    return { kind: [...errors, error].some(isAnswerOrSilence) ? 'stranger' : 'none' };
  }
}

async function identify(client: Redis, dataDir: string): Promise<Occupant> {
  const servedDir = await readSetting(client, 'dir');
  const ownerPid = parseOwnerPid(await readSetting(client, 'pidfile'));
  if (servedDir !== dataDir || ownerPid === undefined) {
    client.disconnect();
    return { kind: 'stranger' };
  }
  if (isAlive(ownerPid)) {
    client.disconnect();
    return { kind: 'owned', ownerPid };
  }
  const redisPid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
  return { kind: 'abandoned', redisPid, stop: () => shutDown(client) };
}

/** Over the connection that proved who it is, so never by a pid that may have become another process's. */
function shutDown(client: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    if (client.status === 'end') {
      return resolve();
    }
    const timer = setTimeout(() => {
      client.disconnect();
      reject(
        new Error(`The private Redis of an earlier start did not end within ${STOP_TIMEOUT_MS / 1000} s`),
      );
    }, STOP_TIMEOUT_MS);
    client.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
    // It closes the connection instead of answering. If its guard stops it at the same moment, so much the better.
    client.shutdown().catch(() => undefined);
  });
}

async function readSetting(client: Redis, name: string): Promise<string> {
  const [, value] = (await client.config('GET', name)) as string[];
  return value ?? '';
}

/**
 * Anything else (refused, reset, closed before the answer) is a listener that is gone or going: a Redis that is
 * shutting down still accepts connections while it writes its data down.
 */
function isAnswerOrSilence(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'ReplyError' || error.name === 'ParserError' || /timed out|ETIMEDOUT/.test(error.message))
  );
}
