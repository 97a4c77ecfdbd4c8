import type { Command } from 'commander';
import type { ReceiverAuth, ReceiverAuthChange } from '../client/veriqueue.ts';
import type { ApiOptions } from './api.ts';
import { collect } from './arguments.ts';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import type { Questions } from './questions.ts';
import { readSecretFile } from './secret-file.ts';
import { formatTime } from './terminal.ts';

/** What a receiver asks for beside the signature. The options name files: every user can read the arguments of a process. */
export interface AuthOptions {
  /** `name=file` */
  readonly header?: readonly string[];
  readonly basic?: string | false;
  readonly certificate?: string | false;
  readonly certificateKey?: string;
  /** Commander's default of an option that begins with `no`. */
  readonly headers: boolean;
  readonly auth: boolean;
}

export function addAuthOptions(command: Command): Command {
  return command
    .option(
      '--header <name=file...>',
      'a header that is sent with each event, its value in a file; replaces all headers; - is standard input',
      collect,
    )
    .option('--basic <file>', 'a file with user:password, for Authorization: Basic')
    .option('--certificate <file>', 'what is shown to a receiver that asks for a certificate: PEM')
    .option('--certificate-key <file>', 'its private key: PEM, not encrypted');
}

/** To take away what was given before. */
export function addAuthRemovals(command: Command): Command {
  return command
    .option('--no-headers', 'send none of your headers any more')
    .option('--no-basic', 'send no user name and password any more')
    .option('--no-certificate', 'show no certificate any more')
    .option('--no-auth', 'nothing of these any more');
}

/**
 * Reads what the options name.
 *
 * @returns undefined when none is given; null: all of it is taken away
 * @throws {CommandFailure} without any value in it
 */
export async function readAuthOptions(
  questions: Questions,
  options: Partial<AuthOptions> & Pick<ApiOptions, 'keyFile'>,
): Promise<ReceiverAuthChange | null | undefined> {
  const { header, basic, certificate, certificateKey, headers = true, auth = true, keyFile } = options;
  const isGiven = header !== undefined || basic !== undefined || certificate !== undefined || !headers;
  if (!auth) {
    if (isGiven || certificateKey !== undefined) throw wrong('--no-auth takes all of it away: give it alone');
    return null;
  }
  if ((typeof certificate === 'string') !== (certificateKey !== undefined)) {
    throw wrong('--certificate and --certificate-key belong together');
  }
  if (header !== undefined && !headers) throw wrong('--header and --no-headers exclude each other');
  if (!isGiven) return undefined;
  const named = (header ?? []).map(parseHeader);
  assertOneInput([...named.map(({ file }) => file), basic, certificate, certificateKey, keyFile]);
  return {
    ...(headers ? {} : { headers: null }),
    ...(header === undefined ? {} : { headers: await readHeaders(questions, named) }),
    ...(basic === undefined ? {} : { basic: basic === false ? null : await readBasic(questions, basic) }),
    ...(certificate === undefined
      ? {}
      : { clientCertificate: await readCertificate(questions, certificate, certificateKey) }),
  };
}

interface HeaderFile {
  readonly name: string;
  readonly file: string;
}

function parseHeader(text: string): HeaderFile {
  const [, name, file] = /^([^=:\s]+)=(.+)$/.exec(text) ?? [];
  // The text is not in the message: it may be the value.
  if (name === undefined || file === undefined) throw wrong('--header must be the name, = and a file');
  return { name, file };
}

async function readHeaders(
  questions: Questions,
  named: readonly HeaderFile[],
): Promise<Record<string, string>> {
  const names = new Set(named.map(({ name }) => name.toLowerCase()));
  if (names.size < named.length) throw wrong('--header must not name a header twice');
  const read: [string, string][] = [];
  for (const { name, file } of named) read.push([name, await readSecretFile(questions, '--header', file)]);
  return Object.fromEntries(read);
}

/** The user name ends at the first colon. */
async function readBasic(
  questions: Questions,
  path: string,
): Promise<NonNullable<ReceiverAuthChange['basic']>> {
  const text = await readSecretFile(questions, '--basic', path);
  const colon = text.indexOf(':');
  if (colon < 1) throw wrong('The file of --basic must hold a user name, a colon and the password');
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function readCertificate(
  questions: Questions,
  certificate: string | false,
  key: string | undefined,
): Promise<ReceiverAuthChange['clientCertificate']> {
  if (certificate === false || key === undefined) return null;
  return {
    certificate: await readSecretFile(questions, '--certificate', certificate),
    key: await readSecretFile(questions, '--certificate-key', key),
  };
}

function assertOneInput(paths: readonly (string | false | undefined)[]): void {
  if (paths.filter((path) => path === '-').length > 1) {
    throw wrong('Only one option can read standard input: give files for the others');
  }
}

const wrong = (message: string): CommandFailure => new CommandFailure(message, EXIT.calledWrongly);

/** What is shown of it, on one line. */
export function describeAuth(auth: ReceiverAuth | null): string {
  if (auth === null) return 'nothing';
  const { headers, basic, clientCertificate: certificate, origin } = auth;
  const parts = [
    ...(headers.length === 0 ? [] : [`headers ${headers.join(', ')}`]),
    ...(basic ? ['user name and password'] : []),
    ...(certificate === null ? [] : [`a certificate that ${describeEnd(certificate)}`]),
  ];
  return `${parts.join('; ') || 'nothing'} (to ${origin} alone)`;
}

function describeEnd({ expiresAt, expiresSoon }: NonNullable<ReceiverAuth['clientCertificate']>): string {
  return `${expiresSoon ? 'ends soon' : 'is valid until'}: ${formatTime(Date.parse(expiresAt))}`;
}
