import { Cluster, type ClusterNode, type ClusterOptions, Command, type Redis as IoRedis } from 'ioredis';
import type { Redis } from './redis-client.ts';
import { BLOCKING_SOCKET_TIMEOUT_MS } from './redis-roles.ts';
import { WriteBatch } from './write-batch.ts';

/**
 * An ioredis client for a Redis Cluster that ends when it is closed, and goes on after every outage. What it repairs of
 * ioredis 6.0 is beside each method.
 */
export class ClosableCluster extends Cluster {
  readonly #nodesAtStart: ClusterNode[];
  #batches = false;
  #failsFast = false;
  #onDuplicate: ((duplicate: ClosableCluster) => void) | undefined;

  constructor(nodes: ClusterNode[], { redisOptions = {}, ...options }: ClusterOptions) {
    super(nodes, { ...options, redisOptions: { ...redisOptions, replyMapping: 'legacy' } });
    this.#nodesAtStart = nodes;
  }

  /** See `ClosableRedis.batchWrites`; here for each node. */
  batchWrites(): this {
    if (this.#batches) return this;
    this.#batches = true;
    const batch = (node: IoRedis) => {
      const writes = new WriteBatch();
      const send = node.sendCommand.bind(node);
      node.sendCommand = (...args) => {
        writes.before(node.stream);
        return send(...args);
      };
    };
    for (const node of this.nodes()) batch(node);
    this.on('+node', batch);
    return this;
  }

  /**
   * From now on a command is refused while the cluster as a whole is not there. Not `enableOfflineQueue: false`: a connection
   * to a node is made for the first command that goes there, and every other would be refused until it stands.
   */
  failFast(): this {
    this.#failsFast = true;
    return this;
  }

  /** From now on `report` is given each client that BullMQ makes of this one. */
  reportDuplicates(report: (duplicate: ClosableCluster) => void): void {
    this.#onDuplicate = report;
  }

  override sendCommand(...args: Parameters<Cluster['sendCommand']>): unknown {
    const [command] = args;
    if (this.#failsFast && this.status !== 'ready' && command.name !== 'cluster') {
      command.reject(new Error("Stream isn't writeable: the cluster is not ready"));
      return command.promise;
    }
    return super.sendCommand(...args);
  }

  /**
   * A slot that is being moved is left alone until it has arrived. Where its keys are going to, a script would find none of those that
   * have not been moved yet, and make them for a second time. What is refused meanwhile is repeated by those who wait.
   */
  override handleError(...[error, ttl, handlers]: Parameters<Cluster['handleError']>): void {
    if (error.message.startsWith('ASK ')) handlers.defaults();
    else super.handleError(error, ttl, handlers);
  }

  /**
   * The promise of ioredis' own never settles when the cluster is down at the first look; BullMQ awaits it before it claims
   * again.
   */
  override async connect(): Promise<void> {
    let onClose: () => void = () => undefined;
    const closed = new Promise<never>((_, reject) => {
      onClose = () => reject(new Error('Connection is closed.'));
      this.once('close', onClose);
    });
    try {
      await Promise.race([super.connect(), closed]);
    } finally {
      this.off('close', onClose);
    }
  }

  /** Without a node that is connected ioredis waits for one to close, and so never ends: not between two tries, for instance. */
  override disconnect(reconnect = false): void {
    const hasNodes = this.nodes().length > 0;
    const isBetweenTries = this.status === 'reconnecting';
    const isOver = this.status === 'end' || this.status === 'wait';
    super.disconnect(reconnect);
    if (hasNodes || isOver || (reconnect && isBetweenTries)) return;
    this.#callPrivate('setStatus', 'close');
    process.nextTick(() => {
      // Where ioredis listened for it itself, it has gone on already.
      if (this.status === 'close') this.#callPrivate('handleCloseEvent');
    });
  }

  #callPrivate(name: 'setStatus' | 'handleCloseEvent', ...args: readonly string[]): void {
    const method: unknown = Reflect.get(this, name);
    if (typeof method === 'function') method.apply(this, args);
  }

  override duplicate: Cluster['duplicate'] = ((
    nodes: ClusterNode[] = [],
    options: ClusterOptions = {},
  ): ClosableCluster => {
    const redisOptions = {
      ...this.options.redisOptions,
      ...options.redisOptions,
      socketTimeout: BLOCKING_SOCKET_TIMEOUT_MS,
    };
    const duplicate = new ClosableCluster(nodes.length > 0 ? nodes : this.#nodesAtStart, {
      ...this.options,
      ...options,
      redisOptions,
    });
    this.#onDuplicate?.(duplicate);
    return this.#batches ? duplicate.batchWrites() : duplicate;
  }) as Cluster['duplicate'];
}

/** The cluster behind a connection; undefined: it is one server's. */
export function asCluster(client: Redis): ClosableCluster | undefined {
  return (client as unknown) instanceof ClosableCluster ? (client as unknown as ClosableCluster) : undefined;
}

/** What the rest of the program knows as a connection: the commands are the same. */
export function asConnection(cluster: ClosableCluster): Redis {
  return cluster as unknown as Redis;
}

/** The node that answers for a key: `host:port`. Undefined: not known now. */
export function nodeOf(cluster: ClosableCluster, key: string): string | undefined {
  const slot = new Command('get', [key]).getSlot();
  return slot === null ? undefined : cluster.slots[slot]?.[0];
}
