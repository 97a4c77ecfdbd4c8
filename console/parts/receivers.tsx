import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { ConsoleTestDelivery } from '../../shared/contract/console-endpoints.ts';
import type { RotatedSecret } from '../../shared/contract/endpoint.ts';
import type { ReceiverAuth } from '../../shared/contract/receiver-auth.ts';
import { selectChanged } from '../changed-fields.ts';
import { formatInstant, formatNumber, formatSetting } from '../format.ts';
import { timeZone } from '../preferences.tsx';
import type { Result } from '../state.tsx';
import { texts, wordOf } from '../texts/texts.tsx';
import { ask } from './confirm.tsx';
import { Copyable } from './copy.tsx';
import { ReceiverForm, type ReceiverSettings, type ShownEndpoint } from './receiver-form.tsx';
import { Action, ActionResult, perform } from './result.tsx';
import { Secrets } from './secrets.tsx';
import { Badge, Time } from './words.tsx';

interface ReceiverProps {
  readonly endpoint: ShownEndpoint;
  /** Of the list that it is in, in the console's API. */
  readonly path: string;
  /** That it may be sent. */
  readonly choices: readonly string[];
  /** Of the page of its deliveries; left out where there is none. */
  readonly hrefOfDeliveries?: ((id: string) => string) | undefined;
}

/** One endpoint: where it is, how far it is, and what can be done to it. */
export function Receiver({ endpoint, path, choices, hrefOfDeliveries }: ReceiverProps) {
  const rotated = useSignal<RotatedSecret | null>(null);
  const isChanging = useSignal(false);
  const t = texts.value.receivers;
  const { id, url, status } = endpoint;
  const own = `${path}/${id}`;
  const place = `change-${id}`;
  const change = async (settings: ReceiverSettings) => {
    const body = selectChanged<ReceiverSettings>(settings, endpoint);
    await perform(place, { method: 'PATCH', path: own, body, done: t.saved });
  };
  return (
    <li>
      <h3 class="title">
        {url} <Badge word={status} />
      </h3>
      <ReceiverFacts endpoint={endpoint} />
      <p class="actions">
        <ActionResult place={id} />
        {hrefOfDeliveries && (
          <a href={hrefOfDeliveries(id)} aria-label={t.deliveriesName(url)}>
            {t.deliveries}
          </a>
        )}
        <TestButton place={id} path={`${own}/test`} label={t.testName(url)} />
        <Action
          label={t.changeName(url)}
          expanded={isChanging.value}
          onClick={() => {
            isChanging.value = !isChanging.value;
          }}
        >
          {t.change}
        </Action>
        <Switch endpoint={endpoint} path={own} />
        <SendAgain endpoint={endpoint} path={own} />
        <Action
          label={t.rotateName(url)}
          onClick={() => askToRotate(endpoint, own, (secret) => (rotated.value = secret))}
        >
          {t.rotate}
        </Action>
        <Action label={t.removeName(url)} onClick={() => askToRemove(endpoint, own)}>
          {t.remove}
        </Action>
      </p>
      {rotated.value && <Secrets rows={[[t.secret, rotated.value.secret]]} />}
      {isChanging.value && (
        <ReceiverForm endpoint={endpoint} choices={choices} place={place} confirm={t.save} save={change} />
      )}
    </li>
  );
}

/** How far an endpoint is, and what it asks for. */
export function ReceiverFacts({ endpoint }: Pick<ReceiverProps, 'endpoint'>) {
  const t = texts.value.receivers;
  const { id, types, ratePerSecond, after, dead, latest, attempts, nextAttemptAt, auth } = endpoint;
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [t.types, <span class="code">{types.join(', ')}</span>],
    [t.rate, ratePerSecond === null ? t.noRate : t.perSecond(formatSetting(ratePerSecond))],
    [t.sentUpTo, `#${formatNumber(after)}`],
    ...(dead > 0 ? [[t.passedBy, formatNumber(dead)] as const] : []),
    [
      t.latest,
      latest === null ? (
        t.noAttempt
      ) : (
        <>
          <span class="code">{latest.status ?? wordOf(latest.errorClass ?? 'other')}</span>{' '}
          <Time at={latest.at} />
        </>
      ),
    ],
    ...(nextAttemptAt === null
      ? []
      : [[t.next(formatNumber(attempts)), <Time at={nextAttemptAt} key="next" />] as const]),
    ...(auth === undefined ? [] : [[t.auth, describeAuth(auth)] as const]),
    [t.id, <Copyable text={id} label={t.id} />],
  ];
  return (
    <dl>
      {facts.map(([name, fact]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What is sent beside the signature: of what kind, never in clear. */
export function describeAuth(auth: ReceiverAuth | null): string {
  const t = texts.value.receivers;
  if (auth === null) return t.noAuth;
  const { headers, basic, clientCertificate } = auth;
  const parts = [
    ...(headers.length === 0 ? [] : [t.headers(headers.join(', '))]),
    ...(basic ? [t.basic] : []),
    ...(clientCertificate === null
      ? []
      : [t.certificate(formatInstant(clientCertificate.expiresAt, timeZone()))]),
  ];
  return t.authTo(parts.join(t.separator), auth.origin);
}

/** Sends one test event, and says what the receiver answered. A worker takes its time. */
export function TestButton({
  place,
  path,
  label,
}: {
  readonly place: string;
  readonly path: string;
  readonly label?: string;
}) {
  const isTesting = useSignal(false);
  const send = async () => {
    isTesting.value = true;
    await perform<ConsoleTestDelivery>(place, { path, done: describeTest });
    isTesting.value = false;
  };
  return (
    <Action label={label} disabled={isTesting.value} onClick={send}>
      {texts.value.receivers.test}
    </Action>
  );
}

function describeTest({
  accepted,
  status,
  errorClass,
  durationMs,
}: ConsoleTestDelivery): Omit<Result, 'place'> {
  const t = texts.value.receivers;
  if (accepted) {
    return { tone: 'done', text: t.testAccepted(String(status), formatNumber(Math.round(durationMs))) };
  }
  return { tone: 'failed', text: t.testRefused(String(status ?? wordOf(errorClass ?? 'other'))) };
}

/** Stopped by hand, its events wait; what is held or failing goes on at once. */
function Switch({ endpoint: { id, url, status }, path }: Omit<ReceiverProps, 'choices'>) {
  const t = texts.value.receivers;
  const isOn = status === 'active' || status === 'failing';
  const set = () =>
    perform(id, { method: 'PATCH', path, body: { enabled: !isOn }, done: isOn ? t.stopped : t.goesOn });
  return (
    <Action label={isOn ? t.stopName(url) : t.goOnName(url)} onClick={set}>
      {isOn ? t.stop : t.goOn}
    </Action>
  );
}

/** Sends once more what is kept after a number. What came of it is said at the place of the endpoint's id. */
export function SendAgain({
  endpoint,
  path,
}: {
  readonly endpoint: ShownEndpoint;
  /** Of the endpoint, in the console's API. */
  readonly path: string;
}) {
  const t = texts.value.receivers;
  return (
    <Action label={t.againName(endpoint.url)} onClick={() => askToSendAgain(endpoint, path)}>
      {t.again}
    </Action>
  );
}

function askToSendAgain({ id, url, after }: ShownEndpoint, path: string) {
  const t = texts.value.receivers;
  ask({
    place: id,
    title: t.againTitle(url),
    consequence: t.againConsequence(formatNumber(after)),
    confirm: t.againConfirm,
    field: { label: t.againField, help: t.againHelp, pattern: '[0-9]{1,15}' },
    method: 'PATCH',
    path,
    body: (number) => ({ after: Number(number) }),
    done: t.againDone,
  });
}

function askToRotate({ id, url }: ShownEndpoint, path: string, after: (secret: RotatedSecret) => void) {
  const t = texts.value.receivers;
  ask({
    place: id,
    title: t.rotateTitle(url),
    consequence: texts.value.clients.rotateConsequence,
    confirm: texts.value.clients.rotateConfirm,
    path: `${path}/rotate-secret`,
    done: ({ previousSignsUntil }: RotatedSecret) =>
      texts.value.clients.rotated(formatInstant(previousSignsUntil, timeZone())),
    after,
  });
}

function askToRemove({ url }: ShownEndpoint, path: string) {
  const t = texts.value.receivers;
  ask({
    place: 'receivers',
    title: t.removeTitle(url),
    consequence: t.removeConsequence,
    confirm: t.removeConfirm,
    method: 'DELETE',
    path,
    done: t.removed,
  });
}
