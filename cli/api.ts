import type { Command } from 'commander';
import { Veriqueue, type VeriqueueOptions } from '../client/veriqueue.ts';
import type { DataFolder } from '../shared/data-folder.ts';
import type { ApiAccess } from './api-access.ts';
import { CommandFailure } from './command-failure.ts';
import { readDevelopmentApi } from './data-folder.ts';
import { EXIT } from './exit-codes.ts';
import type { Questions } from './questions.ts';
import { readSecretFile } from './secret-file.ts';
import type { CliSettings } from './settings.ts';

/** Options of every command that talks to the producer. */
export interface ApiOptions {
  readonly url?: string;
  readonly keyFile?: string;
}

/** There is no option for the key itself: the arguments of a process are everybody's to read. */
export function addApiOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the producer (VERIQUEUE_URL)')
    .option(
      '--key-file <path>',
      'a file that holds the API key (instead of VERIQUEUE_API_KEY); - is standard input',
    );
}

interface FindApiDeps {
  readonly settings: CliSettings;
  readonly folder: DataFolder;
  readonly questions: Questions;
}

/**
 * Address and key: as given, or else both as an `npm start` in this folder left them. Never one of each: a development key is
 * of no use elsewhere, and another's key has no business at a development address.
 *
 * @throws {CommandFailure}
 */
export async function findApi(
  { settings, folder, questions }: FindApiDeps,
  { url, keyFile }: ApiOptions,
): Promise<ApiAccess> {
  const given = {
    url: url ?? settings.VERIQUEUE_URL,
    apiKey:
      keyFile === undefined
        ? settings.VERIQUEUE_API_KEY
        : await readSecretFile(questions, '--key-file', keyFile),
  };
  if (given.url !== undefined && given.apiKey !== undefined) return { url: given.url, apiKey: given.apiKey };
  if (given.url === undefined && given.apiKey === undefined) return readDevelopmentApi(folder);
  const missing = given.url === undefined ? 'VERIQUEUE_URL or --url' : 'VERIQUEUE_API_KEY or --key-file';
  throw new CommandFailure(`Cannot call the API: ${missing} must be given too`, EXIT.calledWrongly);
}

/** @throws {CommandFailure} when address or key are none; neither is in it */
export function openApi(
  { url, apiKey }: ApiAccess,
  options: Pick<VeriqueueOptions, 'fetch' | 'maxRetries' | 'timeoutMs'> = {},
): Veriqueue {
  try {
    return new Veriqueue({ url, apiKey, userAgent: 'veriqueue-cli', ...options });
  } catch (error) {
    if (error instanceof TypeError) throw new CommandFailure(error.message, EXIT.calledWrongly);
    throw error;
  }
}
