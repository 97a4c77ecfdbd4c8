import type { KeyObject } from 'node:crypto';
import type { ProcessingSettings } from '../shared/processing/record-of-processing.ts';
import type { KeyRing } from '../shared/sealing/key-ring.ts';
import type { SigningKeys } from '../shared/signing/signing-keys.ts';
import type { EpochKeys } from '../shared/store/epochs/epoch-keys.ts';
import type { OperatorAccess } from './access/find-access.ts';
import type { ApiOptions } from './api.ts';
import type { ApiAccess } from './api-access.ts';
import type { Connection } from './connection.ts';
import type { OpenEventSender } from './event-sender.ts';
import type { Questions } from './questions.ts';
import type { Terminal } from './terminal.ts';

/** What the commands work with. */
export interface CliContext {
  readonly terminal: Terminal;
  /** Opened by the commands that need it; they close it. */
  readonly connect: () => Promise<Connection>;
  readonly readKeyRing: () => Promise<KeyRing>;
  /** The keys of epochs, for the one that closes them; null: no store of them is set. */
  readonly openEpochs: (connection: Connection) => Promise<EpochKeys | null>;
  /** Those of the environment that sign events as `v1a`. */
  readonly signingKeys: readonly KeyObject[];
  /** All of them: for the audit trail, and to verify with. */
  readonly ownSigningKeys: SigningKeys | undefined;
  /** Those of the environment. */
  readonly webhookSecrets: readonly string[] | undefined;
  /** Overwrites what other users of the machine see of this process' arguments. */
  readonly hideArguments: () => void;
  /** The webhook secret of the client that `npm start` made. */
  readonly readDevelopmentSecret: () => Promise<string>;
  readonly openEventSender: OpenEventSender;
  /** The producer's HTTP API, and the API key it is called with. */
  readonly findApi: (options: ApiOptions) => Promise<ApiAccess>;
  /** The operators' API and a key for it; null: operators' commands work on Redis. */
  readonly findOperatorAccess: () => Promise<OperatorAccess | null>;
  /** Where profiles are kept. */
  readonly profilePath: string;
  /** Of the user who runs this; undefined on systems without user ids. */
  readonly uid: number | undefined;
  /** For where secrets of accounts are: the variables that a file of accounts names. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard input, and the person at it if there is one. */
  readonly questions: Questions;
  /** What the settings of the environment say about what is kept. */
  readonly processing: ProcessingSettings;
  /** How long receipts of what a command erases can be had, ms. */
  readonly auditRetentionMs: number;
  /** Whether `batch --check` lets wrong check digits pass. */
  readonly allowCheckDigitFailure: boolean;
  /** Whether http and private addresses may be callbacks. */
  readonly allowInsecureCallbacks: boolean;
  /** Aborts when the user has had enough. */
  readonly interrupted: AbortSignal;
  /** ms epoch */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** What the program ends with if the command does not fail: `EXIT` or a verdict's. */
  readonly exitWith: (code: number) => void;
}

/** Runs a command's work on a connection to a Redis that fits, and closes it whatever comes. */
export async function withConnection<T>(
  context: CliContext,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return withAnyConnection(context, async (connection) => {
    await connection.requireFit();
    return work(connection);
  });
}

/** The same for work that finds out what is wrong with a Redis. */
export async function withAnyConnection<T>(
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
