import type { TestDelivery } from '../../shared/contract/test-delivery.ts';
import { isCallbackAllowed, isDefaultCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import type { Client } from '../../shared/store/clients/client.ts';
import { CALLBACK, type StoredReceiverAuth } from '../../shared/store/clients/receiver-auth.ts';
import { openSecrets } from '../../shared/store/clients/signing-secrets.ts';
import { readReceiverOwner } from '../../shared/store/push/operator-endpoints.ts';
import { endpointSecretContext } from '../../shared/store/push/push-endpoint.ts';
import {
  answerTest,
  type TestAnswer,
  takeTestRequest,
  testWebhookId,
} from '../../shared/store/push/test-event.ts';
import { type DeliveryResult, describeErrorClassToClient } from '../../shared/webhook/delivery-result.ts';
import { writeTestEventBody } from '../../shared/webhook/test-event-body.ts';
import { computeWebhookHeaders } from '../../shared/webhook/webhook-signature.ts';
import type { JobResult } from '../job/job-result.ts';
import type { DeliveryDeps } from './delivery-deps.ts';
import { openAuth } from './open-auth.ts';

type TestDeps = Pick<
  DeliveryDeps,
  'redis' | 'keys' | 'keyRing' | 'warnedAt' | 'post' | 'signingKeys' | 'log' | 'now'
>;

/**
 * Sends the test event that a client asked for, once, and leaves what came of it for the producer. It is about no verification: no
 * attempt is counted, the health of the receiver stays as it is, and neither log nor feed has it.
 */
export async function sendTestEvent(deps: TestDeps, id: string, signal: AbortSignal): Promise<JobResult> {
  const request = await takeTestRequest(deps.redis, deps.keys, id);
  if (request === null) return { result: 'done' };
  // Not what is remembered of the client: its receiver may be a second old.
  const reading = await readReceiverOwner(deps, request.clientId, deps.now());
  const receiver = reading.status === 'found' ? findReceiver(deps, reading.client, request.receiver) : null;
  const answer: TestAnswer =
    receiver === null
      ? { status: 'no_receiver' }
      : { status: 'sent', delivery: await send(deps, id, request.clientId, receiver, signal) };
  await answerTest(deps.redis, deps.keys, id, answer);
  return { result: 'done' };
}

interface Receiver {
  readonly name: string;
  readonly url: string;
  readonly isAllowed: boolean;
  readonly secrets: readonly string[];
  readonly auth: StoredReceiverAuth | undefined;
}

function findReceiver({ keyRing, now }: TestDeps, client: Client, name: string): Receiver | null {
  const { callbackUrl, callbackAuth, webhookSecrets } = client;
  if (name === CALLBACK) {
    if (callbackUrl === null || !URL.canParse(callbackUrl)) return null;
    const isAllowed = isDefaultCallbackAllowed(client, new URL(callbackUrl));
    return { name, url: callbackUrl, isAllowed, secrets: webhookSecrets, auth: callbackAuth };
  }
  const endpoint = client.endpoints.find(({ id }) => id === name);
  if (endpoint === undefined || !URL.canParse(endpoint.url)) return null;
  const secrets = openSecrets(keyRing, endpointSecretContext(client.id, name), endpoint.secrets, now());
  const isAllowed = isCallbackAllowed(client, new URL(endpoint.url));
  return { name, url: endpoint.url, isAllowed, secrets, auth: endpoint.auth };
}

async function send(
  deps: TestDeps,
  id: string,
  clientId: string,
  { name, url, isAllowed, secrets, auth: stored }: Receiver,
  signal: AbortSignal,
): Promise<TestDelivery> {
  const at = deps.now();
  const webhookId = testWebhookId(id);
  const nothingSent = (errorClass: string): TestDelivery => ({
    ...{ webhookId, url, accepted: false, at: new Date(at).toISOString(), durationMs: 0 },
    ...{ status: null, errorClass, answer: '' },
  });
  if (!isAllowed) return nothingSent('origin_not_allowed');
  const opening = openAuth(deps, { id: clientId }, { receiver: name, url, stored });
  if (opening.status === 'unreadable' || secrets.length === 0) return nothingSent('other');
  const timestamp = new Date(at).toISOString();
  const body = writeTestEventBody(clientId, at);
  const signed = { id: webhookId, timestampSeconds: Math.floor(at / 1000), body, secrets };
  try {
    const headers = { ...computeWebhookHeaders({ ...signed, signingKeys: deps.signingKeys }) };
    const result = await deps.post({ url, body, headers, auth: opening.auth, signal });
    return { webhookId, url, at: timestamp, ...describe(result) };
  } catch (error) {
    if (!signal.aborted)
      deps.log.error({ event: 'post_failed', client: clientId, err: error }, 'a test event cannot be sent');
    return nothingSent('other');
  }
}

function describe(result: DeliveryResult): Omit<TestDelivery, 'webhookId' | 'url' | 'at'> {
  const durationMs = Math.round(result.durationMs);
  if (result.result === 'unreachable') {
    const errorClass = describeErrorClassToClient(result.errorClass);
    return { accepted: false, durationMs, status: null, errorClass, answer: '' };
  }
  const { status, answer } = result;
  return { accepted: result.result === 'accepted', durationMs, status, errorClass: null, answer };
}
