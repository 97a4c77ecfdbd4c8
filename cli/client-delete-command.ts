import type { Command } from 'commander';
import { plural } from '../shared/contract/plural.ts';
import { CommandFailure } from './command-failure.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import { withClients } from './operations/with-operations.ts';

interface DeleteOptions extends ConfirmOptions {
  readonly cancel?: true;
}

const help = `
Refused while a verification of the client waits for its outcome, or an event has not arrived; dead letters do not count.
With --cancel, those are erased with their photos, and no event follows. Finished verifications stay until their retention is
over, and what was billed stays in veriqueue usage.`;

/** `veriqueue client delete`: nothing that was accepted is lost by it unawares. */
export function addClientDeleteCommand(client: Command, context: CliContext): void {
  addConfirmOptions(
    client
      .command('delete')
      .description('delete a client, its API keys and its webhook secrets, once nothing of it waits')
      .argument('<client>')
      .option('--cancel', 'erase what waits and what has not been delivered')
      .addHelpText('after', help),
  ).action((clientId: string, options: DeleteOptions) => deleteClient(context, clientId, options));
}

async function deleteClient(
  context: CliContext,
  clientId: string,
  { cancel = false, ...options }: ConfirmOptions & { readonly cancel?: boolean },
): Promise<void> {
  await withClients(context, async (clients) => {
    const open = await clients.countOpenWork(clientId);
    if (!cancel) assertNothingWaits(clientId, open);
    const lost = cancel ? `, and erase ${describe(open)}` : '';
    if (!(await isConfirmed(context, `delete client ${clientId}${clients.at}${lost}`, options))) return;
    const deletion = await clients.delete(clientId, { cancel });
    switch (deletion.status) {
      case 'deleted':
        context.terminal.show({ clientId, ...deletion }, `${clientId} is deleted.`);
        return;
      case 'in_use':
        return assertNothingWaits(clientId, deletion);
      case 'busy':
        throw new CommandFailure(
          `Cannot delete client ${clientId} yet: it is disabled, ${deletion.erased} are erased, and ${describe(deletion)} are being asked or delivered right now. Run it again in a moment`,
        );
      default:
        deletion satisfies never;
    }
  });
}

interface OpenWork {
  readonly waiting: number;
  readonly undelivered: number;
}

const describe = ({ waiting, undelivered }: OpenWork) =>
  `${plural(waiting, 'waiting verification')} and ${plural(undelivered, 'undelivered event')}`;

/** @throws {CommandFailure} */
function assertNothingWaits(clientId: string, open: OpenWork): void {
  if (open.waiting + open.undelivered === 0) return;
  throw new CommandFailure(
    `Cannot delete client ${clientId}: nothing of it may wait, and it has ${describe(open)}. Disable it (veriqueue client disable ${clientId}) and wait for them, or give --cancel, which erases them`,
  );
}
