import type { Command } from 'commander';
import { Veriqueue, type VeriqueueOptions } from '../client/veriqueue.ts';
import type { ApiAccess } from './api-access.ts';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';

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
