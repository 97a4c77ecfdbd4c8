import { Redis, type RedisOptions } from 'ioredis';
import { describeRedisError } from './failure.ts';
import { createPrimarySearch, type PrimarySearch, type Replacement } from './primary-search.ts';
import { BLOCKING_SOCKET_TIMEOUT_MS } from './redis-roles.ts';
import { WriteBatch } from './write-batch.ts';

type ReportDuplicate = (duplicate: Redis, replacement: Replacement) => void;

/**
 * An ioredis client that can be closed between two tries to connect.
 *
 * There, ioredis' `disconnect()` stops the retries and then says nothing: no `end` event, commands that wait go
 * on waiting, for there is no socket whose close would report it. BullMQ waits for that event when a worker closes,
 * so a worker that is to stop while Redis is away (or within half a second after) would never end. This one begins
 * one more try and gives it up before it has a socket, which ends the client as it should have.
 */
export class ClosableRedis extends Redis {
  #batch: WriteBatch | undefined;
  #onDuplicate: ReportDuplicate | undefined;

  constructor(options: RedisOptions & { readonly replyMapping: 'legacy' }) {
    super(options);
    this.on('close', () => this.#rejectUnready());
  }

  /**
   * From now on commands of one turn of the event loop leave together. Not for a connection whose commands must be on their
   * way before something else is.
   */
  batchWrites(): this {
    this.#batch = new WriteBatch();
    return this;
  }

  /** From now on `report` is given each connection that BullMQ makes of this one. */
  reportDuplicates(report: ReportDuplicate): void {
    this.#onDuplicate = report;
  }

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    this.#batch?.before(this.stream);
    return super.sendCommand(...args);
  }

  /**
   * ioredis selects the URL's database after every connect, and when the server refuses goes on with database 0: two
   * deployments would share a lane. Here such a connection ends before it is ready, and is tried again.
   */
  override async select(index: number | string): Promise<'OK'> {
    try {
      return await super.select(index);
    } catch (cause) {
      // At once, in the microtask of the reply: nothing may follow it on this connection.
      this.stream?.destroy(
        new Error(`Redis has no database ${index}, which REDIS_URL names: ${describeRedisError(cause)}`),
      );
      // The handshake goes no further; the next connection has one of its own.
      return new Promise(() => undefined);
    }
  }

  /**
   * Before a connection is ready, ioredis 6.0.0 writes what a handshake may have, such as INFO, past its queue. Where the connection ends
   * before it is ready, it neither sends such a command again nor rejects it, and who asked waits without end. What was asked of a
   * connection that was ready stands in `prevCommandQueue`, and is sent again.
   */
  #rejectUnready(): void {
    const { commandQueue } = this;
    if (commandQueue === Reflect.get(this, 'prevCommandQueue')) return;
    for (let asked = commandQueue.shift(); asked !== undefined; asked = commandQueue.shift()) {
      asked.command.reject(new Error('Connection is closed.'));
    }
  }

  override disconnect(reconnect = false): void {
    const isBetweenTries = !reconnect && this.status === 'reconnecting';
    super.disconnect(reconnect);
    if (isBetweenTries) {
      this.connect().catch(() => {
        // Left behind, ioredis' private "closed by us" would keep a later connection of this client from retrying.
        Reflect.set(this, 'manuallyClosing', false);
      });
      super.disconnect();
    }
  }

  /** BullMQ duplicates the client it is given for each blocking connection. */
  override duplicate(override?: Partial<RedisOptions>): Redis {
    // Connections that share one would keep one another from looking for the new primary.
    const search = createPrimarySearch(() => performance.now());
    const duplicate = new ClosableRedis({
      ...this.options,
      reconnectOnError: search.begins,
      socketTimeout: BLOCKING_SOCKET_TIMEOUT_MS,
      ...override,
      replyMapping: 'legacy',
    });
    this.#onDuplicate?.(duplicate, this.#renewWithThis(duplicate, search));
    return this.#batch === undefined ? duplicate : duplicate.batchWrites();
  }

  /**
   * A blocking connection hears nothing for ten seconds and takes a host that vanished for one with nothing to do. This one
   * asks once a second, and knows.
   *
   * @returns whether it is being replaced, by this or by a search of its own
   */
  #renewWithThis(duplicate: Redis, search: PrimarySearch): Replacement {
    let isRenewed = false;
    const renew = () => {
      if (duplicate.status !== 'ready') return;
      isRenewed = true;
      duplicate.disconnect(true);
    };
    this.on('reconnecting', renew);
    duplicate.once('end', () => this.off('reconnecting', renew));
    return {
      isUnderWay: () => isRenewed || search.isUnderWay(),
      ended: () => {
        isRenewed = false;
        search.ended();
      },
    };
  }
}
