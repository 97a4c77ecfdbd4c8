import type { Command } from 'commander';
import { type Profile, type ProfileBook, profile, profileName } from './access/profile.ts';
import { readProfiles, writeProfiles } from './access/profile-file.ts';
import { CommandFailure } from './command-failure.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { readSecretFile } from './secret-file.ts';

interface SetOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly operatorUrl?: string;
  readonly operatorKeyFile?: string;
}

const help = `
Keys come from a file, or from standard input with -: never from the arguments, which every user of a machine can see. The file of the profiles is readable by you alone.`;

/** `veriqueue profile …`: deployments by name, so that neither addresses nor keys are typed again. */
export function addProfileCommands(program: Command, context: CliContext): void {
  const profiles = program
    .command('profile')
    .description('deployments by name: addresses and keys, kept in ~/.config/veriqueue');
  profiles
    .command('list')
    .description('every profile; keys by their beginnings')
    .action(() => list(context));
  profiles
    .command('set')
    .description('make or change a profile; what is not given stays as it is')
    .argument('<name>')
    .option('--url <url>', 'the producer, for submit, get, list, events, receiver, batch, watch and trigger')
    .option('--key-file <path>', 'a file with an API key; - is standard input')
    .option('--operator-url <url>', 'the address that serves the console, unless it is --url')
    .option('--operator-key-file <path>', 'a file with an operator key; - is standard input')
    .addHelpText('after', help)
    .action((name: string, options: SetOptions) => set(context, name, options));
  addConfirmOptions(
    profiles.command('remove').description('forget a profile and its keys').argument('<name>'),
  ).action((name: string, options: ConfirmOptions) => remove(context, name, options));
}

const SHOWN_OF_KEY = 6;
const beginning = (key: string | undefined) => (key === undefined ? null : `${key.slice(0, SHOWN_OF_KEY)}…`);

function present(name: string, { url, apiKey, operatorUrl, operatorKey }: Profile) {
  return {
    name,
    url: url ?? null,
    apiKey: beginning(apiKey),
    operatorUrl: operatorUrl ?? url ?? null,
    // Operators choose theirs: its beginning may be half of it.
    operatorKey: operatorKey === undefined ? null : '(set)',
  };
}

async function list({ terminal, profilePath, uid }: CliContext): Promise<void> {
  const { profiles } = await readProfiles(profilePath, uid);
  const shown = Object.entries(profiles)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, found]) => present(name, found));
  const rows = shown.map((each) => Object.values(each).map((value) => value ?? '-'));
  const headings = ['PROFILE', 'PRODUCER', 'API KEY', 'CONSOLE', 'OPERATOR KEY'];
  terminal.show(shown, terminal.table(headings, rows, `No profiles in ${profilePath}.`));
}

async function set(context: CliContext, name: string, options: SetOptions): Promise<void> {
  const { terminal, questions, profilePath, uid } = context;
  const parsedName = profileName.safeParse(name);
  if (!parsedName.success) {
    throw new CommandFailure(
      `Cannot set a profile: its name ${reasonOf(parsedName.error)}`,
      EXIT.calledWrongly,
    );
  }
  if (options.keyFile === '-' && options.operatorKeyFile === '-') {
    throw new CommandFailure(
      'Cannot set a profile: one key only can come from standard input',
      EXIT.calledWrongly,
    );
  }
  const { profiles } = await readProfiles(profilePath, uid);
  const readKey = (option: '--key-file' | '--operator-key-file', path: string) =>
    readSecretFile(questions, option, path);
  const changed = {
    ...profiles[name],
    ...(options.url === undefined ? {} : { url: options.url }),
    ...(options.operatorUrl === undefined ? {} : { operatorUrl: options.operatorUrl }),
    ...(options.keyFile === undefined ? {} : { apiKey: await readKey('--key-file', options.keyFile) }),
    ...(options.operatorKeyFile === undefined
      ? {}
      : { operatorKey: await readKey('--operator-key-file', options.operatorKeyFile) }),
  };
  const parsed = profile.safeParse(changed);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CommandFailure(
      `Cannot set profile ${name}: its ${String(issue?.path[0] ?? 'content')} ${issue?.message ?? ''}`,
      EXIT.calledWrongly,
    );
  }
  if (parsed.data.url === undefined && parsed.data.operatorUrl === undefined) {
    throw new CommandFailure(
      `Cannot set profile ${name}: --url or --operator-url must be given`,
      EXIT.calledWrongly,
    );
  }
  await writeProfiles(profilePath, { profiles: { ...profiles, [name]: parsed.data } });
  terminal.show(
    present(name, parsed.data),
    `${name} is kept in ${profilePath}; use it with --profile ${name}.`,
  );
}

const reasonOf = ({ issues }: { readonly issues: readonly { readonly message: string }[] }) =>
  issues[0]?.message ?? 'must be another';

async function remove(context: CliContext, name: string, options: ConfirmOptions): Promise<void> {
  const { terminal, profilePath, uid } = context;
  const { profiles } = await readProfiles(profilePath, uid);
  if (!Object.keys(profiles).includes(name)) {
    throw new CommandFailure(`Cannot find profile ${name}: see veriqueue profile list`);
  }
  if (!(await isConfirmed(context, `remove profile ${name}`, options))) return;
  const kept: ProfileBook['profiles'] = Object.fromEntries(
    Object.entries(profiles).filter(([key]) => key !== name),
  );
  await writeProfiles(profilePath, { profiles: kept });
  terminal.show({ removed: name }, `${name} is removed.`);
}
