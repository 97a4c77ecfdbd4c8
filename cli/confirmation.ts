import type { Command } from 'commander';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { confirm } from './questions.ts';

/** Options of every command that stops or takes something away. */
export interface ConfirmOptions {
  readonly yes?: true;
  readonly dryRun?: true;
}

export function addConfirmOptions(command: Command): Command {
  return command.option('--yes', 'do not ask').option('--dry-run', 'say what would be done, and do nothing');
}

/**
 * Asks before something is done that stops work or takes something away.
 *
 * @param what as an imperative: `pause lane main`
 * @returns false for a dry run, which has been shown
 * @throws {CommandFailure} when the user says no, or cannot be asked and gave no `--yes`
 */
export async function isConfirmed(
  { terminal, questions, interrupted }: Pick<CliContext, 'terminal' | 'questions' | 'interrupted'>,
  what: string,
  { yes = false, dryRun = false }: { readonly yes?: boolean; readonly dryRun?: boolean },
): Promise<boolean> {
  if (dryRun) {
    terminal.show({ dryRun: true, would: what }, `Would ${what}. Nothing was changed.`);
    return false;
  }
  const question = `${what.charAt(0).toUpperCase()}${what.slice(1)}?`;
  if (await confirm(questions, { question, yes, signal: interrupted })) return true;
  throw new CommandFailure('Nothing was changed');
}
