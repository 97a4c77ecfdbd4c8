import type { Redis } from 'ioredis';
import { asCluster, type ClosableCluster } from './closable-cluster.ts';
import { classifyRedisError, describeRedisError } from './failure.ts';

/** What `CONFIG GET` answered, where the user may ask; without it INFO alone decides. */
export interface RedisConfig {
  readonly 'maxmemory-policy'?: string;
  readonly appendonly?: string;
  readonly appendfsync?: string;
}

export type RedisFitness =
  | { readonly kind: 'fit'; readonly version: string; readonly warnings: readonly string[] }
  /** Something passes by itself: it becomes the master, it ends loading. */
  | { readonly kind: 'not_yet'; readonly reason: string }
  /** An operator has to change a setting, or the address. */
  | { readonly kind: 'unfit'; readonly reasons: readonly string[] };

const OLDEST = '6.2';

/** As what REDIS_URL names it: one server, or a node of a cluster. */
type NamedAs = 'server' | 'node';

/**
 * Decides whether verifications may be entrusted to this Redis.
 *
 * @param info the text of `INFO`. Valkey gives a `redis_version` too, that of the Redis it is compatible with.
 */
export function classifyRedis(info: string, config: RedisConfig, namedAs: NamedAs = 'server'): RedisFitness {
  const facts = parseInfo(info);
  const version = facts.get('redis_version') ?? '';
  const reasons = [
    ...findVersionFaults(version),
    ...(namedAs === 'server' ? findClusterFaults(facts) : []),
    ...findPolicyFaults(config['maxmemory-policy'] ?? facts.get('maxmemory_policy') ?? ''),
  ];
  if (reasons.length > 0) {
    return { kind: 'unfit', reasons };
  }
  const notYet = facts.get('loading') === '1' ? 'it is loading its data' : explainRole(facts.get('role'));
  if (notYet !== null) {
    return { kind: 'not_yet', reason: notYet };
  }
  const appendOnly = config.appendonly ?? (facts.get('aof_enabled') === '1' ? 'yes' : 'no');
  const warnings = [...warnOfLoss(appendOnly, config.appendfsync), ...warnOfGrowth(facts.get('maxmemory'))];
  return { kind: 'fit', version, warnings };
}

/**
 * Asks the Redis about itself and classifies the answer. Of a cluster, every primary is asked: a key of ours may be on any of
 * them after a move of slots.
 *
 * @throws {Error} because the user may not ask (`INFO` is needed); what ioredis throws when Redis is gone
 */
export async function readFitness(client: Redis): Promise<RedisFitness> {
  const cluster = asCluster(client);
  return cluster === undefined ? readFitnessOf(client, 'server') : readFitnessOfNodes(cluster);
}

async function readFitnessOf(client: Redis, namedAs: NamedAs): Promise<RedisFitness> {
  const info = await client.info().catch((cause: unknown) => {
    if (classifyRedisError(cause) !== undefined) throw cause;
    throw new Error(`Redis must allow INFO to this user: ${describeRedisError(cause)}`);
  });
  return classifyRedis(info, await readConfig(client), namedAs);
}

async function readFitnessOfNodes(cluster: ClosableCluster): Promise<RedisFitness> {
  const nodes = await Promise.all(
    cluster.nodes('master').map(async (node) => {
      const { host = '', port } = node.options;
      return { name: `node ${host}:${port}`, fitness: await readFitnessOf(node, 'node') };
    }),
  );
  const reasons = nodes.flatMap(({ name, fitness }) =>
    fitness.kind === 'unfit' ? fitness.reasons.map((reason) => `${name}: ${reason}`) : [],
  );
  if (reasons.length > 0) return { kind: 'unfit', reasons };
  for (const { name, fitness } of nodes) {
    if (fitness.kind === 'not_yet') return { kind: 'not_yet', reason: `${name}: ${fitness.reason}` };
  }
  const fit = nodes.flatMap(({ fitness }) => (fitness.kind === 'fit' ? [fitness] : []));
  const [oldest] = fit.map(({ version }) => version).sort((a, b) => (isOlder(a, b) ? -1 : 1));
  if (oldest === undefined) return { kind: 'not_yet', reason: 'it has no primary' };
  return { kind: 'fit', version: oldest, warnings: [...new Set(fit.flatMap(({ warnings }) => warnings))] };
}

/**
 * The same for a Redis that has to be fit now.
 *
 * @returns what the operator should know though the Redis is fit
 * @throws {Error} with every reason why it is not
 */
export async function assertRedisFit(
  client: Redis,
): Promise<{ version: string; warnings: readonly string[] }> {
  const fitness = await readFitness(client);
  if (fitness.kind === 'fit') return { version: fitness.version, warnings: fitness.warnings };
  const reasons = fitness.kind === 'unfit' ? fitness.reasons : [fitness.reason];
  throw new Error(`This Redis does not fit: ${reasons.join('; ')}`);
}

async function readConfig(client: Redis): Promise<RedisConfig> {
  try {
    // One pattern per call: several at once came with Redis 7.
    const [policy, appendOnly, fsync] = await Promise.all([
      readSetting(client, 'maxmemory-policy'),
      readSetting(client, 'appendonly'),
      readSetting(client, 'appendfsync'),
    ]);
    return { ...policy, ...appendOnly, ...fsync };
  } catch {
    // CONFIG is forbidden to many ACL users and renamed by many providers; INFO says all that decides.
    return {};
  }
}

async function readSetting(client: Redis, name: keyof RedisConfig): Promise<RedisConfig> {
  const [, value] = (await client.config('GET', name)) as string[];
  return value === undefined ? {} : { [name]: value };
}

function parseInfo(info: string): ReadonlyMap<string, string> {
  return new Map(
    info
      .split(/\r?\n/)
      .map((line) => line.split(':', 2))
      .flatMap(([field, value]) =>
        field === undefined || value === undefined ? [] : [[field, value.trim()] as const],
      ),
  );
}

function findVersionFaults(version: string): string[] {
  if (!/^\d+\.\d+/.test(version)) return ['INFO names no version'];
  return isOlder(version, OLDEST) ? [`its version must be ${OLDEST} or newer, but is ${version}`] : [];
}

/** By the first two numbers. */
export function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major < thanMajor || (major === thanMajor && minor < thanMinor);
}

/** It answers for its own slots until the next failover, and then sends everybody elsewhere. */
function findClusterFaults(facts: ReadonlyMap<string, string>): string[] {
  return facts.get('cluster_enabled') === '1'
    ? [
        'it is a node of a cluster: REDIS_URL must begin with redis+cluster:// (rediss+cluster:// with TLS), with some of its nodes and no database',
      ]
    : [];
}

function findPolicyFaults(policy: string): string[] {
  return policy === 'noeviction'
    ? []
    : [
        `maxmemory-policy must be noeviction, but is ${policy === '' ? 'none' : policy} (an evicting Redis drops accepted verifications when memory is short)`,
      ];
}

function explainRole(role: string | undefined): string | null {
  return role === undefined || role === 'master' ? null : `its role must be master, but is ${role}`;
}

function warnOfLoss(appendOnly: string, fsync: string | undefined): string[] {
  if (appendOnly !== 'yes') {
    return ['AOF is off: a crash of Redis loses all verifications accepted since its last snapshot'];
  }
  return fsync === 'no'
    ? ['appendfsync is "no": a power loss can lose the last half minute of accepted verifications']
    : [];
}

/** @param bytes of INFO, which not every provider fills in */
function warnOfGrowth(bytes: string | undefined): string[] {
  return bytes === '0'
    ? [
        'maxmemory is not set: a long backlog makes Redis grow until the system kills it; set it below the memory that Redis may have (to half of it, because rewriting the AOF takes memory too), so that submissions get 503 instead',
      ]
    : [];
}
