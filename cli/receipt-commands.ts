import type { Command } from 'commander';
import type { ClientErasureStatement } from '../shared/contract/client-receipt.ts';
import type { ErasureStatement } from '../shared/contract/receipt.ts';
import { readClientReceipt } from '../shared/receipts/client-receipt.ts';
import { readKeptReceipt } from '../shared/receipts/erasure-receipt.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { withClients } from './operations/with-operations.ts';
import { readTextFile } from './read-text-file.ts';
import { readVerifyingKeys } from './signing-keys.ts';

/** `veriqueue receipt …`: proof of what was deleted. */
export function addReceiptCommands(program: Command, context: CliContext): void {
  const receipt = program.command('receipt').description('signed receipts of what was deleted, and when');
  const get = receipt
    .command('get')
    .description('print the receipt of a verification of this client')
    .argument('<id>', 'the verification (ver_…)')
    .action(async (id: string, options: ApiOptions) => {
      const api = openApi(await context.findApi(options));
      const got = await api.receipt(id, { signal: context.interrupted });
      context.terminal.show(got, got.receipt);
    });
  addApiOptions(get);
  receipt
    .command('client')
    .description('print one receipt for all verifications of a client, also after it was deleted (operators)')
    .argument('<client>')
    .action((clientId: string) =>
      withClients(context, async (clients) => {
        const made = await clients.receipt(clientId);
        context.terminal.show(made, JSON.stringify(made));
      }),
    );
  receipt
    .command('verify')
    .description('verify a receipt with the public keys, offline')
    .argument('<file>', 'a file with the receipt')
    .option('--keys <file>', 'the public keys, as a JSON Web Key Set; without it, SIGNING_KEYS')
    .action((file: string, options: { readonly keys?: string }) => verify(context, file, options));
}

async function verify(
  context: CliContext,
  file: string,
  { keys: keyFile }: { readonly keys?: string },
): Promise<void> {
  const keys = await readVerifyingKeys(context, keyFile);
  if (keys === null) {
    throw new CommandFailure('Cannot verify a receipt without keys: give --keys', EXIT.calledWrongly);
  }
  const text = await readTextFile(file);
  const ofClient = readClientReceipt(keys, text);
  const reading = ofClient.status === 'malformed' ? readKeptReceipt(keys, text) : ofClient;
  switch (reading.status) {
    case 'verified':
      context.terminal.show(reading, describe(context, reading.statement, reading.keyId));
      return;
    case 'wrong_list':
      throw new CommandFailure(
        'The receipts in the list are not those that the receipt for the client states',
      );
    case 'wrong_statement':
      throw new CommandFailure('The statement in the file is not the one that was signed');
    case 'malformed':
      throw new CommandFailure(`${file} is no erasure receipt`, EXIT.calledWrongly);
    case 'unknown_key':
      throw new CommandFailure(`The receipt is signed with ${reading.keyId}, which is none of the keys`);
    case 'wrong_signature':
      throw new CommandFailure(`The receipt is not what ${reading.keyId} signed`);
    default:
      reading satisfies never;
  }
}

function describe(
  { terminal }: CliContext,
  statement: ErasureStatement | ClientErasureStatement,
  keyId: string,
): string {
  if ('receiptsSha256' in statement) {
    const { reasons, clientDeleted, verifications, firstDeletedAt, lastDeletedAt, ...facts } = statement;
    return terminal.pairs({
      ...facts,
      client: clientDeleted ? 'deleted' : 'not deleted',
      verifications: String(verifications),
      ...Object.fromEntries(Object.entries(reasons).map(([reason, count]) => [reason, String(count)])),
      'photos deleted': firstDeletedAt === null ? 'none' : `${firstDeletedAt} to ${lastDeletedAt}`,
      'signed by': keyId,
    });
  }
  const { deleted, submittedAt, ...facts } = statement;
  return terminal.pairs({
    ...facts,
    submittedAt: submittedAt ?? 'unknown',
    ...Object.fromEntries(deleted.map(({ what, at }) => [`${what} deleted`, at])),
    'signed by': keyId,
  });
}
