import type { Command } from 'commander';
import { TimeoutError, type Veriqueue } from '../client/veriqueue.ts';
import type { Verification } from '../shared/contract/verification.ts';
import { parseDuration } from './arguments.ts';
import type { CliContext } from './context.ts';
import { exitCodeOf } from './exit-codes.ts';

export interface WaitOptions {
  readonly wait?: true;
  /** ms */
  readonly timeout?: number;
}

export const VERDICT_HELP = `
Exit codes with --wait: 0 match, 10 no_match, 11 unverifiable, 12 error, 13 cancelled,
  4 no verdict within --timeout or before Ctrl-C (veriqueue get --wait goes on waiting)`;

export function addWaitOptions(command: Command): Command {
  return command
    .option('--wait', 'wait for the verdict; it decides the exit code')
    .option('--timeout <duration>', 'wait no longer than this, such as 5m', parseDuration);
}

/**
 * The verification once it is final; or as it is by the time the wait is over, or the user has had enough.
 *
 * The exit code follows it.
 */
export async function waitForVerdict(
  { interrupted, exitWith }: CliContext,
  api: Veriqueue,
  id: string,
  { timeout }: WaitOptions,
): Promise<Verification> {
  const limit = timeout === undefined ? {} : { timeoutMs: timeout };
  const final = await api.waitFor(id, { signal: interrupted, ...limit }).catch((error: unknown) => {
    if (error instanceof TimeoutError || interrupted.aborted) return null;
    throw error;
  });
  const verification = final ?? (await api.get(id));
  exitWith(exitCodeOf(verification));
  return verification;
}
