import { Cluster, Command, Redis } from 'ioredis';
import { type RedisNode, startRedisNode } from './redis-node.ts';

/** Three primaries, each with a replica. */
export interface RedisCluster {
  /** `redis+cluster://:password@host:port,…` */
  readonly url: string;
  readonly nodes: readonly RedisNode[];
  readonly password: string;
  /** The port of the primary that answers for a key. */
  primaryOf(key: string): Promise<number>;
  /** Kills the primary of a key's slot. @returns resolves when another answers for it, with the ms since the kill */
  killPrimaryOf(key: string): Promise<{ readonly promoted: Promise<number>; readonly killed: RedisNode }>;
  /** Moves a key's slot to another primary, key by key, as redis-cli does. @returns how many keys were moved */
  moveSlotOf(key: string): Promise<number>;
  /** A client of the test's own. */
  connect(): Cluster;
  stop(): Promise<void>;
}

const PASSWORD = 'of-cluster';
const SLOTS = 16_384;

export async function startRedisCluster({ nodeTimeoutMs = 2_000 } = {}): Promise<RedisCluster> {
  const nodes = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(() =>
      startRedisNode({
        access: { password: PASSWORD, enableReadyCheck: false },
        lines: [
          `requirepass ${PASSWORD}`,
          `masterauth ${PASSWORD}`,
          'appendonly yes',
          'save ""',
          'repl-diskless-sync-delay 0',
          'cluster-enabled yes',
          'cluster-config-file nodes.conf',
          `cluster-node-timeout ${nodeTimeoutMs}`,
          'cluster-replica-validity-factor 0',
        ],
      }),
    ),
  );
  const at = (port: number) => {
    const client = new Redis({ host: '127.0.0.1', port, password: PASSWORD, enableReadyCheck: false });
    client.on('error', () => undefined);
    return client;
  };
  const withNode = async <T>(port: number, work: (client: Redis) => Promise<T>): Promise<T> => {
    const client = at(port);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  };
  await form(nodes, withNode);
  const shards = async (
    asked: readonly RedisNode[],
  ): Promise<readonly (readonly [number, number, Host])[]> => {
    for (const { port } of asked) {
      const slots = await withNode(port, async (client) => client.cluster('SLOTS')).catch(() => null);
      if (slots !== null) return slots as unknown as (readonly [number, number, Host])[];
    }
    throw new Error('Cannot ask the cluster: no node answers');
  };
  const ownerOf = async (key: string, asked: readonly RedisNode[] = nodes): Promise<Host> => {
    const slot = slotOf(key);
    const found = (await shards(asked)).find(([from, to]) => from <= slot && slot <= to);
    if (found === undefined) throw new Error(`Cannot find the primary of ${key}: its slot has none`);
    return found[2];
  };
  return {
    url: `redis+cluster://:${PASSWORD}@${nodes
      .slice(0, 3)
      .map(({ port }) => `127.0.0.1:${port}`)
      .join(',')}`,
    nodes,
    password: PASSWORD,
    primaryOf: async (key) => (await ownerOf(key))[1],
    killPrimaryOf: async (key) => {
      const [, port] = await ownerOf(key);
      const killed = nodes.find((node) => node.port === port);
      if (killed === undefined) throw new Error(`Cannot kill the node at ${port}: it is not of this cluster`);
      const others = nodes.filter((node) => node !== killed);
      const began = performance.now();
      await killed.kill();
      const promoted = (async () => {
        for (;;) {
          const owner = await ownerOf(key, others).catch(() => null);
          if (owner !== null && owner[1] !== port) return performance.now() - began;
          await pause();
        }
      })();
      return { killed, promoted };
    },
    moveSlotOf: async (key) => {
      const [, fromPort, fromId] = await ownerOf(key);
      const target = (await shards(nodes)).find(([, , [, port]]) => port !== fromPort)?.[2];
      if (target === undefined) throw new Error('Cannot move a slot: there is one primary');
      return moveSlot(
        slotOf(key),
        { port: fromPort, id: fromId },
        { port: target[1], id: target[2] },
        {
          withNode,
          all: (await shards(nodes)).map(([, , [, port]]) => port),
        },
      );
    },
    connect: () => {
      const cluster = new Cluster(
        nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
        { redisOptions: { password: PASSWORD } },
      );
      cluster.on('error', () => undefined);
      return cluster;
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

type Host = readonly [host: string, port: number, id: string];
type WithNode = <T>(port: number, work: (client: Redis) => Promise<T>) => Promise<T>;

const pause = (ms = 30) => new Promise((resolve) => setTimeout(resolve, ms));

function slotOf(key: string): number {
  return new Command('get', [key]).getSlot() ?? 0;
}

/** Three primaries with a third of the slots each; then each gets a replica. */
async function form(nodes: readonly RedisNode[], withNode: WithNode): Promise<void> {
  const [first] = nodes;
  if (first === undefined) throw new Error('Cannot form a cluster of nothing');
  const primaries = nodes.slice(0, 3);
  const bounds = (i: number) => Math.floor((SLOTS * i) / 3);
  await Promise.all(
    primaries.map(({ port }, i) =>
      withNode(port, async (client) => {
        await client.call('CLUSTER', 'ADDSLOTSRANGE', bounds(i), bounds(i + 1) - 1);
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
      }),
    ),
  );
  for (const { port } of nodes.slice(1)) {
    await withNode(first.port, async (client) => client.call('CLUSTER', 'MEET', '127.0.0.1', port));
  }
  await until(first.port, withNode, (info) => info.includes('cluster_known_nodes:6'));
  const ids = await Promise.all(
    primaries.map(({ port }) =>
      withNode(port, async (client) => String(await client.call('CLUSTER', 'MYID'))),
    ),
  );
  for (const [i, { port }] of nodes.slice(3).entries()) {
    await withNode(port, async (client) => {
      // It hears of the primary by gossip.
      for (;;) {
        const done = await client.call('CLUSTER', 'REPLICATE', ids[i] ?? '').catch(() => null);
        if (done !== null) return;
        await pause();
      }
    });
  }
  for (const { port } of nodes) await until(port, withNode, (info) => info.includes('cluster_state:ok'));
  for (const { port } of primaries) {
    await withNode(port, async (client) => {
      while (!(await client.info('replication')).includes('state=online')) await pause();
    });
  }
}

async function until(port: number, withNode: WithNode, isSo: (info: string) => boolean): Promise<void> {
  await withNode(port, async (client) => {
    while (!isSo(String(await client.call('CLUSTER', 'INFO')))) await pause();
  });
}

interface Place {
  readonly port: number;
  readonly id: string;
}

async function moveSlot(
  slot: number,
  from: Place,
  to: Place,
  { withNode, all }: { readonly withNode: WithNode; readonly all: readonly number[] },
): Promise<number> {
  await withNode(to.port, async (client) => client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id));
  await withNode(from.port, async (client) => client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id));
  const moved = await withNode(from.port, async (client) => {
    let count = 0;
    for (;;) {
      const keys = (await client.call('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[];
      if (keys.length === 0) return count;
      await client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'AUTH', PASSWORD, 'KEYS', ...keys);
      count += keys.length;
    }
  });
  for (const port of [to.port, from.port, ...all]) {
    await withNode(port, async (client) => client.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id));
  }
  return moved;
}
