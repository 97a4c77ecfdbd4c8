import { typeid } from 'typeid-js';
import { isCallbackAllowed } from '../shared/store/clients/allowed-callback.ts';
import { type Client, readClient } from '../shared/store/clients/client.ts';
import { CALLBACK, openReceiverAuth } from '../shared/store/clients/receiver-auth.ts';
import type { ClientAuth } from '../shared/webhook/client-auth.ts';
import type { DeliveryResult } from '../shared/webhook/delivery-result.ts';
import { writeTestEventBody } from '../shared/webhook/test-event-body.ts';
import { checkCallbackUrl } from './callback-options.ts';
import { CommandFailure } from './command-failure.ts';
import { type CliContext, withConnection } from './context.ts';
import { unknownClient } from './find-client.ts';
import { formatDuration } from './format-duration.ts';

interface TestOptions {
  readonly client: string;
  readonly url?: string;
}

/**
 * Sends one event of the type `webhook.test`, signed with all the secrets and keys that sign now, and shows what came of it. It
 * is about no verification: nothing is recorded, nothing is tried again, and the endpoint's health stays as it is.
 */
export async function sendTestEvent(context: CliContext, options: TestOptions): Promise<void> {
  const client = await readWithSecrets(context, options.client);
  const url = chooseUrl(context, client, options.url);
  const auth = await openAuth(context, client, url);
  const now = context.now();
  const id = typeid('evt').toString();
  const body = writeTestEventBody(client.id, now);
  const sender = await context.openEventSender();
  try {
    const event = {
      ...{ id, timestampSeconds: Math.floor(now / 1000), body },
      ...{ secrets: client.webhookSecrets, signingKeys: context.signingKeys, auth },
    };
    report(context, { id, url }, await sender.send(url, event, context.interrupted));
  } finally {
    await sender.close();
  }
}

async function readWithSecrets(context: CliContext, clientId: string): Promise<Client> {
  const keyRing = await context.readKeyRing();
  const reading = await withConnection(context, ({ redis, keys }) =>
    readClient({ redis, keys, keyRing }, clientId, context.now()),
  );
  if (reading.status === 'missing') throw unknownClient(clientId);
  if (reading.status === 'found') return reading.client;
  throw new CommandFailure(`Client ${clientId} has damaged fields in Redis: ${reading.fields.join(', ')}`);
}

/** @throws {CommandFailure} */
async function openAuth(
  context: CliContext,
  { id, callbackAuth }: Client,
  url: string,
): Promise<ClientAuth | null> {
  const keyRing = await context.readKeyRing();
  const opening = openReceiverAuth(keyRing, { clientId: id, receiver: CALLBACK, url }, callbackAuth);
  if (opening.status === 'opened') return opening.auth;
  throw new CommandFailure(`These keys do not open what the callback of client ${id} asks for`);
}

function chooseUrl(context: CliContext, client: Client, given: string | undefined): string {
  if (given === undefined) {
    if (client.callbackUrl !== null) return client.callbackUrl;
    throw new CommandFailure(`Client ${client.id} has no callback URL. Give --url`);
  }
  const url = checkCallbackUrl(given, context);
  if (isCallbackAllowed(client, new URL(url)) || url === client.callbackUrl) return url;
  throw new CommandFailure(`--url must have an origin that is registered for client ${client.id}`, 2);
}

function report(
  { terminal }: CliContext,
  sent: { readonly id: string; readonly url: string },
  result: DeliveryResult,
): void {
  const came = result.result === 'unreachable' ? result.errorClass : `status ${result.status}`;
  terminal.show(
    { ...sent, type: 'webhook.test', ...result },
    terminal.pairs({
      event: `webhook.test ${sent.id}`,
      to: sent.url,
      result: `${result.result}, ${came}`,
      took: formatDuration(result.durationMs),
    }),
  );
  if (result.result !== 'accepted') {
    throw new CommandFailure(`The receiver did not accept the test event: ${came}`);
  }
}
