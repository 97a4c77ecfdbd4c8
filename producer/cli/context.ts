import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import type { Connection } from './connection.ts';
import type { OpenEventSender } from './event-sender.ts';
import type { Terminal } from './terminal.ts';

/** What the commands work with. */
export interface CliContext {
  readonly terminal: Terminal;
  /** Opened by the commands that need it; they close it. */
  readonly connect: () => Promise<Connection>;
  readonly readKeyRing: () => Promise<KeyRing>;
  readonly openEventSender: OpenEventSender;
  /** Whether http and private addresses may be callbacks. */
  readonly allowInsecureCallbacks: boolean;
  /** Aborts when the user has had enough. */
  readonly interrupted: AbortSignal;
  /** ms epoch */
  readonly now: () => number;
}

/** Runs a command's work on a connection, and closes it whatever comes. */
export async function withConnection<T>(
  { connect }: CliContext,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect();
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
