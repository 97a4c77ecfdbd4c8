import { Client, type Dispatcher } from 'undici';

/** One connection, with the number of answers that came over it in full. */
export interface TrackedConnection {
  answers: number;
}

/** What a request adds to undici's options in order to learn which client carries it. */
export interface TrackedDispatch extends Dispatcher.DispatchOptions {
  /** Called once, before the request is queued. The client may connect again until the request starts. */
  readonly onClient: (client: TrackedClient) => void;
}

/**
 * undici's client, which also says whether the connection it has now has carried an answer before.
 *
 * Nothing else of undici's does: handlers do not see the socket, and `bytesRead` of a TLS socket counts its handshake.
 */
export class TrackedClient extends Client {
  #connection: TrackedConnection = { answers: 0 };

  constructor(origin: string | URL, options: Client.Options) {
    super(origin, options);
    this.on('connect', () => {
      this.#connection = { answers: 0 };
    });
  }

  /** The present connection: ask for it when the request starts. */
  get connection(): TrackedConnection {
    return this.#connection;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (isTracked(options)) options.onClient(this);
    return super.dispatch(options, handler);
  }
}

function isTracked(options: Dispatcher.DispatchOptions): options is TrackedDispatch {
  return 'onClient' in options;
}
