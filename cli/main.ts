import { type Command, CommanderError } from 'commander';
import { EnvironmentError, parseEnvironment } from '../shared/config/environment.ts';
import { redisTargetOf } from '../shared/config/redis-target.ts';
import { dataFolderOf } from '../shared/data-folder.ts';
import { privateKeysOf } from '../shared/signing/signing-keys.ts';
import { findApi, findOperatorAccess, type NamedProfile } from './access/find-access.ts';
import { profilePath, readProfile } from './access/profile-file.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { findRedisUrl, readDevelopmentSecret, readKeyRing } from './data-folder.ts';
import { describeError } from './describe-error.ts';
import { escapeControls, escapeLaidOut } from './escape-controls.ts';
import { EXIT } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import { createQuestions } from './questions.ts';
import { type CliSettings, cliEnvironment } from './settings.ts';
import { createTerminal } from './terminal.ts';

/** @returns the exit code: one of `EXIT`, or a verdict's */
async function main(): Promise<number> {
  const interruption = new AbortController();
  // Once: a user who presses Ctrl-C twice does not want to wait for an orderly end.
  process.once('SIGINT', () => interruption.abort());
  process.once('SIGTERM', () => interruption.abort());
  // The reader of our output may have seen enough (`| head`).
  process.stdout.on('error', () => process.exit(0));
  const ending = { code: EXIT.done as number };
  try {
    const settings = parseEnvironment(cliEnvironment, process.env);
    const program = await buildProgram(
      (root) => makeContext(root, settings, interruption.signal, ending),
      process.argv.slice(2),
    );
    throwInsteadOfExit(program);
    await program.parseAsync(process.argv);
    return ending.code;
  } catch (error) {
    return explain(error);
  }
}

function makeContext(
  program: Command,
  settings: CliSettings,
  interrupted: AbortSignal,
  ending: { code: number },
): CliContext {
  const user = { uid: process.geteuid?.(), sudoUid: process.env['SUDO_UID'] };
  const folder = dataFolderOf(settings.VERIQUEUE_DATA_DIR, user);
  const questions = createQuestions(process.stdin, process.stderr);
  const allowInsecureCallbacks = settings.ALLOW_INSECURE_CALLBACKS ?? settings.REDIS_URL === undefined;
  const profiles = profilePath(settings.XDG_CONFIG_HOME);
  const named = async (): Promise<NamedProfile | null> => {
    const name = program.opts<{ profile?: string }>().profile ?? settings.VERIQUEUE_PROFILE;
    return name === undefined ? null : { name, profile: await readProfile(profiles, user.uid, name) };
  };
  return {
    terminal: createTerminal({
      stdout: process.stdout,
      stderr: process.stderr,
      json: () => program.opts()['json'] === true,
      color: settings.NO_COLOR === undefined && process.stdout.isTTY === true,
    }),
    // Loaded when it is needed: Redis' and BullMQ's clients are a third of what this program weighs.
    connect: async () => {
      assertRedisIsMeant(await named(), settings);
      const { openConnection } = await import('./connection.ts');
      return openConnection({
        target: redisTargetOf({ ...settings, REDIS_URL: await findRedisUrl(settings, folder) }),
        lane: settings.LANE,
        testLane: settings.TEST_LANE,
      });
    },
    openEpochs: async ({ redis }) => {
      const url = settings.EPOCH_KEYS_REDIS_URL;
      if (url === undefined) return null;
      const { openEpochKeys } = await import('../shared/store/epochs/open-epoch-keys.ts');
      return openEpochKeys({
        url,
        role: 'tool',
        main: redis,
        log: { info: () => undefined, warn: () => undefined },
      });
    },
    readKeyRing: () => readKeyRing(settings, folder, process.env),
    readDevelopmentSecret: () => readDevelopmentSecret(folder),
    openEventSender: async () => (await import('./event-sender.ts')).openEventSender(allowInsecureCallbacks),
    signingKeys: privateKeysOf(settings.SIGNING_KEYS),
    ownSigningKeys: settings.SIGNING_KEYS,
    webhookSecrets: settings.VERIQUEUE_WEBHOOK_SECRET,
    hideArguments: () => {
      process.title = 'veriqueue';
    },
    findApi: (options) => findApi({ settings, folder, questions, named }, options),
    findOperatorAccess: () => findOperatorAccess({ settings, named }),
    profilePath: profiles,
    uid: user.uid,
    environment: process.env,
    questions,
    auditRetentionMs: settings.AUDIT_RETENTION,
    processing: {
      lane: settings.LANE,
      retentionMs: settings.RETENTION,
      subjectTtlMs: settings.SUBJECT_TTL,
      auditRetentionMs: settings.AUDIT_RETENTION,
      hasObjectStore: settings.PHOTO_STORE.some((place) => place !== 'redis'),
      sharesLogs: settings.LOG_SHARING,
    },
    allowCheckDigitFailure: settings.ALLOW_CHECK_DIGIT_FAILURE,
    allowInsecureCallbacks,
    interrupted,
    now: Date.now,
    random: Math.random,
    exitWith: (code) => {
      ending.code = code;
    },
  };
}

/**
 * Not the Redis of an `npm start` that happens to run here, nor another deployment's, when the user means one by its API.
 *
 * @throws {CommandFailure}
 */
function assertRedisIsMeant(named: NamedProfile | null, settings: CliSettings): void {
  const way = "This command works on Redis, not over the operators' API";
  if (named !== null) {
    throw new CommandFailure(
      `Cannot use profile ${named.name} for this. ${way}: leave the profile out, and set REDIS_URL`,
      EXIT.calledWrongly,
    );
  }
  if (settings.VERIQUEUE_OPERATOR_KEY === undefined || settings.REDIS_URL !== undefined) return;
  throw new CommandFailure(
    `Cannot use VERIQUEUE_OPERATOR_KEY for this. ${way}: set REDIS_URL`,
    EXIT.calledWrongly,
  );
}

/** Each command has the setting of its own. */
function throwInsteadOfExit(command: Command): void {
  // Its messages quote arguments, which may come from elsewhere too (`xargs`).
  command.exitOverride().configureOutput({
    writeErr: (text) => void process.stderr.write(escapeLaidOut(text)),
  });
  for (const child of command.commands) throwInsteadOfExit(child);
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    // It has reported the mistake already. Help that was asked for is no mistake.
    return error.exitCode === 0 ? EXIT.done : EXIT.calledWrongly;
  }
  const message = describeError(error);
  process.stderr.write(`error: ${escapeControls(message.replace(/\s*\n\s*/g, '; '))}\n`);
  if (error instanceof CommandFailure) return error.exitCode;
  return error instanceof EnvironmentError ? EXIT.calledWrongly : EXIT.failed;
}

main().then((code) => process.exit(code));
