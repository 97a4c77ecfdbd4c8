import { useSignal } from '@preact/signals';
import type { ConsoleClient, ConsoleNewSecret } from '../../shared/contract/console.ts';
import type { ConsoleClientEndpoints } from '../../shared/contract/console-endpoints.ts';
import { clientEventTypes, defaultTypes } from '../../shared/contract/event-type.ts';
import { formatInstant } from '../format.ts';
import { timeZone } from '../preferences.tsx';
import { hrefOf } from '../route.ts';
import { texts } from '../texts/texts.tsx';
import { ask } from './confirm.tsx';
import { useRead } from './list.tsx';
import { ReceiverList } from './receiver-list.tsx';
import { describeAuth, TestButton } from './receivers.tsx';
import { Action, ActionResult } from './result.tsx';
import { Secrets } from './secrets.tsx';
import { TestReceivers } from './test-receivers.tsx';

interface Props {
  readonly client: ConsoleClient;
  /** Of the client, in the console's API. */
  readonly path: string;
}

/** How far its endpoints are changes without the operator. */
const AGAIN_MS = 5_000;

/** Where a client's events go: its callback, and its endpoints beside it. */
export function ClientReceivers({ client, path }: Props) {
  const { value, failure } = useRead<ConsoleClientEndpoints>(`${path}/endpoints`, AGAIN_MS);
  return (
    <>
      <Callback client={client} path={path} receivers={value} />
      <ReceiverList
        title={texts.value.receivers.endpoints}
        help={texts.value.receivers.endpointsHelp}
        none={texts.value.receivers.none}
        path={`${path}/endpoints`}
        endpoints={value?.data ?? null}
        most={value?.most ?? 0}
        failure={failure}
        choices={clientEventTypes}
        chosen={defaultTypes}
        hrefOfDeliveries={(endpoint) => hrefOf('clients', client.id, { endpoint }, 'deliveries')}
      />
      {value?.test && <TestReceivers receivers={value.test} />}
    </>
  );
}

interface Known {
  readonly receivers: ConsoleClientEndpoints | null;
}

function Callback({ client, path, receivers }: Props & Known) {
  const rotated = useSignal<ConsoleNewSecret | null>(null);
  const t = texts.value.clients;
  const words = texts.value.receivers;
  const { callbackUrl, choseCallback } = client;
  return (
    <section class="panel" aria-labelledby="callback">
      <h2 id="callback">{words.callback}</h2>
      <dl>
        <div>
          <dt>{t.callback}</dt>
          <dd>{callbackUrl ?? words.noCallback}</dd>
        </div>
        {callbackUrl !== null && (
          <div>
            <dt>{words.chosenBy}</dt>
            <dd>{choseCallback ? words.byClient : words.byOperator}</dd>
          </div>
        )}
        <div>
          <dt>{words.auth}</dt>
          <dd>{receivers === null ? texts.value.looking : describeAuth(receivers.callbackAuth)}</dd>
        </div>
        <div>
          <dt>{t.secrets}</dt>
          <dd>
            <ul>
              {client.webhookSecrets.map(({ retiresAt }) => (
                <li key={retiresAt ?? ''}>
                  whsec_… {retiresAt === null ? t.current : t.alsoUntil(formatInstant(retiresAt, timeZone()))}
                </li>
              ))}
            </ul>
          </dd>
        </div>
      </dl>
      <p class="actions">
        <ActionResult place="secrets" />
        <a href={hrefOf('clients', client.id, {}, 'deliveries')} aria-label={words.deliveriesToCallback}>
          {words.deliveries}
        </a>
        {callbackUrl !== null && <TestButton place="secrets" path={`${path}/callback/test`} />}
        <Action onClick={() => askToRotate(path, (secret) => (rotated.value = secret))}>{t.rotate}</Action>
      </p>
      {rotated.value && <Secrets rows={[[t.secret, rotated.value.webhookSecret]]} />}
    </section>
  );
}

function askToRotate(path: string, after: (secret: ConsoleNewSecret) => void) {
  const t = texts.value.clients;
  ask({
    place: 'secrets',
    title: t.rotateTitle,
    consequence: t.rotateConsequence,
    confirm: t.rotateConfirm,
    path: `${path}/secret`,
    body: () => ({}),
    done: ({ previousSignsUntil }: ConsoleNewSecret) =>
      t.rotated(formatInstant(previousSignsUntil, timeZone())),
    after,
  });
}
