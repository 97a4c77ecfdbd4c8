/**
 * A request body of which all but the last bytes go out at once, and those when the request is completed.
 *
 * undici asks for the next chunk once the one before has left for the kernel, so being asked for the tail means that
 * the head is out. The tail then leaves at once, in a write of its own: undici turns Nagle's algorithm off.
 */
export interface SplitBody {
  /** For undici. Ends early, which breaks the connection, when the request is abandoned. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Fulfilled once all but the tail is out. Never rejected. */
  readonly uploaded: Promise<'uploaded'>;
  /** True once a connection was there to take the first bytes. */
  readonly hasStarted: () => boolean;
  readonly complete: () => void;
  /** Does nothing after `complete`. */
  readonly abandon: () => void;
}

export function createSplitBody(head: Buffer, tail: Buffer): SplitBody {
  const state = { started: false };
  const uploaded = makeLatch<'uploaded'>();
  const ending = makeLatch<'complete' | 'abandon'>();

  async function* chunks(): AsyncGenerator<Buffer> {
    state.started = true;
    yield head;
    uploaded.open('uploaded');
    // A body shorter than its Content-Length makes undici destroy the connection: the request never completes.
    if ((await ending.opened) === 'complete') yield tail;
  }

  return {
    chunks: chunks(),
    uploaded: uploaded.opened,
    hasStarted: () => state.started,
    complete: () => ending.open('complete'),
    abandon: () => ending.open('abandon'),
  };
}

interface Latch<T> {
  readonly opened: Promise<T>;
  readonly open: (value: T) => void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function makeLatch<T>(): Latch<T> {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
