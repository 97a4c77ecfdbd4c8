import { findOrInstallRedis, type RedisBinary } from '../../dev/redis/redis-binary.ts';
import { makeRunCommand } from '../../dev/redis/run-command.ts';

/** The Redis server of this machine; installs one where VERIQUEUE_INSTALL_REDIS=yes asks for it. */
export function findTestRedis(): Promise<RedisBinary> {
  return findOrInstallRedis({
    env: process.env,
    platform: process.platform,
    say: (line) => process.stderr.write(`${line}\n`),
    run: makeRunCommand(process.env),
  });
}

/** @throws {Error} where there is none */
export async function requireRedisBinary(): Promise<string> {
  const redis = await findTestRedis();
  if (redis.kind === 'missing') {
    throw new Error(redis.message);
  }
  return redis.path;
}
