import type { Redis } from 'ioredis';

/**
 * How many commands of a turn wait for one another. All of them would leave Redis idle while the turn lasts, and then the
 * worker while Redis is at work.
 */
const COMMANDS_AT_ONCE = 4;

type Stream = Redis['stream'];

/**
 * Lets the commands that one turn of the event loop sends on a connection leave together, four at a time and the rest at its
 * end: each write of its own is a system call here and another one at Redis. The end of a tick comes too early, after each
 * single answer that arrives.
 */
export class WriteBatch {
  #corked: Stream | undefined;
  #batched = 0;

  /** Before each command. @param stream the connection's; it has none before it connects */
  before(stream: Stream | undefined): void {
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

  #holdBack(stream: Stream): void {
    this.#corked = stream;
    this.#batched = 0;
    stream.cork();
    setImmediate(() => {
      if (this.#corked === stream) this.#corked = undefined;
      stream.uncork();
    });
  }
}
