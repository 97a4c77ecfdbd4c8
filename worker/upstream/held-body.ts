/**
 * A request body that goes out but for its last bytes, and completes when it is told to.
 *
 * undici asks for the next chunk once the one before has left for the kernel, so being asked for the tail means that
 * the head is out. The tail then leaves at once, in a write of its own: undici turns Nagle's algorithm off.
 */
export interface HeldBody {
  /** For undici. Ends early, which breaks the connection, when the body is given up. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Fulfilled once all but the tail is out. Never rejected. */
  readonly uploaded: Promise<'uploaded'>;
  /** True once a connection was there to take the first bytes. */
  readonly hasStarted: () => boolean;
  readonly release: () => void;
  readonly giveUp: () => void;
}

export function createHeldBody(head: Buffer, tail: Buffer): HeldBody {
  const state = { started: false };
  const uploaded = makeGate<'uploaded'>();
  const verdict = makeGate<'release' | 'give_up'>();

  async function* chunks(): AsyncGenerator<Buffer> {
    state.started = true;
    yield head;
    uploaded.open('uploaded');
    // A body shorter than its Content-Length makes undici destroy the connection: the request never completes.
    if ((await verdict.opened) === 'release') yield tail;
  }

  return {
    chunks: chunks(),
    uploaded: uploaded.opened,
    hasStarted: () => state.started,
    release: () => verdict.open('release'),
    giveUp: () => verdict.open('give_up'),
  };
}

interface Gate<T> {
  readonly opened: Promise<T>;
  readonly open: (value: T) => void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function makeGate<T>(): Gate<T> {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
