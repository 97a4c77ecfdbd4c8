import type { DataFolder } from '../../shared/data-folder.ts';
import type { ApiOptions } from '../api.ts';
import type { ApiAccess } from '../api-access.ts';
import { CommandFailure } from '../command-failure.ts';
import { readDevelopmentApi } from '../data-folder.ts';
import { EXIT } from '../exit-codes.ts';
import type { Questions } from '../questions.ts';
import { readSecretFile } from '../secret-file.ts';
import type { CliSettings } from '../settings.ts';
import type { Profile } from './profile.ts';

/** The operators' API of a deployment, and the key it is called with. */
export interface OperatorAccess {
  readonly url: string;
  readonly operatorKey: string;
}

export interface NamedProfile {
  readonly name: string;
  readonly profile: Profile;
}

export interface AccessDeps {
  readonly settings: CliSettings;
  readonly folder: DataFolder;
  readonly questions: Questions;
  /** The one that `--profile` or `VERIQUEUE_PROFILE` names; null when neither is given. */
  readonly named: () => Promise<NamedProfile | null>;
}

/**
 * Address and API key: as given, else those of the profile that is named, else both of the environment, else both as an
 * `npm start` in this folder left them. Never one of each: a key has no business at another deployment's address.
 *
 * @throws {CommandFailure}
 */
export async function findApi(
  { settings, folder, questions, named }: AccessDeps,
  { url, keyFile }: ApiOptions,
): Promise<ApiAccess> {
  const own = await named();
  const fallback =
    own === null ? { url: settings.VERIQUEUE_URL, apiKey: settings.VERIQUEUE_API_KEY } : own.profile;
  if (own !== null && (url === undefined) !== (keyFile === undefined)) {
    throw new CommandFailure(
      `Cannot call the API: with profile ${own.name}, --url and --key-file must be given both or neither`,
      EXIT.calledWrongly,
    );
  }
  const given = {
    url: url ?? fallback.url,
    apiKey: keyFile === undefined ? fallback.apiKey : await readSecretFile(questions, '--key-file', keyFile),
  };
  if (given.url !== undefined && given.apiKey !== undefined) return { url: given.url, apiKey: given.apiKey };
  if (own !== null) throw lacks(own.name, given.url === undefined ? '--url' : '--key-file');
  if (given.url === undefined && given.apiKey === undefined) return readDevelopmentApi(folder);
  const missing = given.url === undefined ? 'VERIQUEUE_URL or --url' : 'VERIQUEUE_API_KEY or --key-file';
  throw new CommandFailure(`Set ${missing} too: address and key belong together`, EXIT.calledWrongly);
}

/**
 * The operators' API, if the profile or the environment has a key for it; null when the command is to work on Redis.
 *
 * @throws {CommandFailure} when a profile is named that has no operator key, or the environment has half of what it takes
 */
export async function findOperatorAccess({
  settings,
  named,
}: Pick<AccessDeps, 'settings' | 'named'>): Promise<OperatorAccess | null> {
  const own = await named();
  if (own !== null) {
    const { operatorUrl, url = operatorUrl, operatorKey } = own.profile;
    const address = operatorUrl ?? url;
    if (operatorKey === undefined) throw lacks(own.name, '--operator-key-file');
    if (address === undefined) throw lacks(own.name, '--operator-url');
    return { url: address, operatorKey };
  }
  const { VERIQUEUE_OPERATOR_KEY: operatorKey, VERIQUEUE_OPERATOR_URL, VERIQUEUE_URL } = settings;
  if (operatorKey === undefined && VERIQUEUE_OPERATOR_URL === undefined) return null;
  const address = VERIQUEUE_OPERATOR_URL ?? VERIQUEUE_URL;
  if (operatorKey !== undefined && address !== undefined) return { url: address, operatorKey };
  const missing = operatorKey === undefined ? 'VERIQUEUE_OPERATOR_KEY' : 'VERIQUEUE_OPERATOR_URL';
  throw new CommandFailure(`Cannot call the operators' API: ${missing} must be set too`, EXIT.calledWrongly);
}

function lacks(name: string, option: string): CommandFailure {
  return new CommandFailure(
    `Cannot use profile ${name} for this: it must have what veriqueue profile set ${name} ${option} gives it`,
    EXIT.calledWrongly,
  );
}
