import { useSignal } from '@preact/signals';
import type { ConsoleClient, ConsoleNewSecret } from '../../shared/contract/console.ts';
import type { ConsoleClientEndpoints } from '../../shared/contract/console-endpoints.ts';
import type { CreatedEndpoint } from '../../shared/contract/endpoint.ts';
import { formatInstant, formatNumber } from '../format.ts';
import { timeZone } from '../preferences.tsx';
import { operator } from '../state.tsx';
import { texts } from '../texts/texts.tsx';
import { ask } from './confirm.tsx';
import { useRead } from './list.tsx';
import { ReceiverForm, type ReceiverSettings } from './receiver-form.tsx';
import { describeAuth, Receiver, TestButton } from './receivers.tsx';
import { Action, ActionResult, perform } from './result.tsx';
import { Secrets } from './secrets.tsx';

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
      <Endpoints path={`${path}/endpoints`} receivers={value} failure={failure} />
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

function Endpoints({
  path,
  receivers,
  failure,
}: Known & { readonly path: string; readonly failure: string }) {
  const t = texts.value.receivers;
  return (
    <section class="panel wide" aria-labelledby="receivers">
      <div class="heading">
        <h2 id="receivers">{t.endpoints}</h2>
        <ActionResult place="receivers" />
      </div>
      <p class="help">{t.endpointsHelp}</p>
      {failure !== '' && <p class="failure">{failure}</p>}
      {receivers === null && failure === '' && <p class="none">{texts.value.looking}</p>}
      {receivers?.data.length === 0 && <p class="none">{t.none}</p>}
      <ul class="receivers">
        {receivers?.data.map((endpoint) => (
          <Receiver key={endpoint.id} endpoint={endpoint} path={path} />
        ))}
      </ul>
      {receivers !== null && operator.value?.readOnly !== true && (
        <NewReceiver path={path} receivers={receivers} />
      )}
    </section>
  );
}

function NewReceiver({
  path,
  receivers: { data, most },
}: {
  readonly path: string;
  readonly receivers: ConsoleClientEndpoints;
}) {
  const made = useSignal<CreatedEndpoint | null>(null);
  const t = texts.value.receivers;
  const add = async (body: ReceiverSettings) => {
    made.value = await perform<CreatedEndpoint>('new-receiver', { path, body, done: t.added });
  };
  return (
    <>
      {data.length < most ? (
        <>
          <h3>{t.add}</h3>
          <ReceiverForm
            key={made.value?.id ?? 'first'}
            place="new-receiver"
            confirm={t.addConfirm}
            save={add}
          />
        </>
      ) : (
        <p class="actions">
          <ActionResult place="new-receiver" />
          <span class="help">{t.full(formatNumber(most))}</span>
        </p>
      )}
      {made.value && <Secrets rows={[[`${t.secret}: ${made.value.url}`, made.value.secret]]} />}
    </>
  );
}
