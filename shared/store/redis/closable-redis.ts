import { Redis, type RedisOptions } from 'ioredis';
import { describeRedisError } from './failure.ts';
import { createPrimarySearch } from './primary-search.ts';

/**
 * How many commands of a turn wait for one another. All of them would leave Redis idle while the turn lasts, and then the
 * worker while Redis is at work.
 */
const COMMANDS_AT_ONCE = 4;

/**
 * An ioredis client that can be closed between two tries to connect.
 *
 * There, ioredis' `disconnect()` stops the retries and then says nothing: no `end` event, commands that wait go
 * on waiting, for there is no socket whose close would report it. BullMQ waits for that event when a worker closes,
 * so a worker that is to stop while Redis is away (or within half a second after) would never end. This one begins
 * one more try and gives it up before it has a socket, which ends the client as it should have.
 */
export class ClosableRedis extends Redis {
  #batches = false;
  #corked: Redis['stream'] | undefined;
  #batched = 0;

  /**
   * From now on commands of one turn of the event loop leave together, four at a time and the rest at its end: each write of
   * its own is a system call here and another one at Redis. The end of a tick comes too early, after each single answer that
   * arrives. Not for a connection whose commands must be on their way before something else is.
   */
  batchWrites(): this {
    this.#batches = true;
    return this;
  }

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    if (this.#batches) this.#cork();
    return super.sendCommand(...args);
  }

  #cork(): void {
    const { stream } = this;
    if (stream === undefined) return;
    // A new connection has a new stream.
    if (stream !== this.#corked) this.#holdBack(stream);
    else if (this.#batched === COMMANDS_AT_ONCE) {
      stream.uncork();
      stream.cork();
      this.#batched = 0;
    }
    this.#batched += 1;
  }

  #holdBack(stream: Redis['stream']): void {
    this.#corked = stream;
    this.#batched = 0;
    stream.cork();
    setImmediate(() => {
      if (this.#corked === stream) this.#corked = undefined;
      stream.uncork();
    });
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
    const duplicate = new ClosableRedis({
      ...this.options,
      // Connections that share one would keep one another from looking for the new primary.
      reconnectOnError: createPrimarySearch(() => performance.now()).begins,
      ...override,
      replyMapping: 'legacy',
    });
    return this.#batches ? duplicate.batchWrites() : duplicate;
  }
}
