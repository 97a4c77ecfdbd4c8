import { loadTestIdNumber } from '../../../sandbox/id-number.ts';
import type { DataSetHeading } from '../data-set.ts';
import { type Deployment, imageBase64 } from './deployment.ts';

type Later = NonNullable<DataSetHeading['later']>;

interface Made {
  readonly apiKey: string;
  readonly webhookSecret: string;
}

/** A receiver beside the callback that fails, of one client. Its origin is registered for the client. */
export async function addFailingEndpoint(
  deployment: Deployment,
  client: string,
  { receiver, otherReceiver }: { readonly receiver: string; readonly otherReceiver: string },
): Promise<Later['endpoint']> {
  const clientId = deployment.clients[client]?.clientId ?? '';
  const origins = [`http://${receiver}`, `http://${otherReceiver}`];
  await deployment.cli('client', 'set', clientId, '--origin', ...origins);
  const scopes = ['--scope', 'submit', 'read', 'manage'];
  const { apiKey } = await deployment.cli<Made>('client', 'rotate-key', clientId, ...scopes);
  const answer = await deployment.api(client, 'POST', '/v1/endpoints', {
    apiKey,
    body: { url: `http://${otherReceiver}/fail`, after: 0 },
  });
  const { id, secret } = (await answer.json()) as { id: string; secret: string };
  return { client, id, secret };
}

/** A test key of one client, and a test that no worker has looked at yet. */
export async function submitTest(deployment: Deployment, client: string): Promise<Later['test']> {
  const clientId = deployment.clients[client]?.clientId ?? '';
  const made = await deployment.cli<Made>('client', 'rotate-key', clientId, '--test');
  const answer = await deployment.api(client, 'POST', '/v1/verifications', {
    apiKey: made.apiKey,
    body: { idCard: loadTestIdNumber(900), name: '测试甲', imageBase64 },
  });
  const { id } = (await answer.json()) as { id: string };
  return { client, id, apiKey: made.apiKey, webhookSecret: made.webhookSecret };
}
