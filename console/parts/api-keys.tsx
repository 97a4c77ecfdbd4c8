import { useSignal } from '@preact/signals';
import type { TargetedEvent } from 'preact';
import type { ShownApiKey } from '../../shared/contract/api-key.ts';
import { API_KEY_SCOPES, DEFAULT_SCOPES } from '../../shared/contract/api-key-scope.ts';
import type { ConsoleClient, ConsoleNewKey } from '../../shared/contract/console.ts';
import { formatInstant } from '../format.ts';
import { timeZone } from '../preferences.tsx';
import { texts } from '../texts/texts.tsx';
import { ask } from './confirm.tsx';
import { Action, ActionResult, perform } from './result.tsx';
import { Secrets } from './secrets.tsx';
import { Time } from './words.tsx';

interface Props {
  readonly client: ConsoleClient;
  /** Of the client, in the console's API. */
  readonly path: string;
}

/** What a client's keys may do, from where and until when; one more, and one less. */
export function ApiKeys({ client, path }: Props) {
  const added = useSignal<ConsoleNewKey | null>(null);
  const t = texts.value.clients;
  return (
    <section class="panel wide" aria-labelledby="keys">
      <h2 id="keys">{t.keys}</h2>
      <KeyTable keys={client.apiKeys} path={path} />
      <NewKey
        add={async (body) => {
          added.value = await perform<ConsoleNewKey>('keys', {
            path: `${path}/keys`,
            body,
            done: t.keyAdded,
          });
        }}
      />
      {added.value && <Secrets rows={rowsOf(added.value)} />}
    </section>
  );
}

function rowsOf({ apiKey, webhookSecret }: ConsoleNewKey): [string, string][] {
  const t = texts.value.clients;
  return [
    [t.apiKey, apiKey],
    ...(webhookSecret === null ? [] : [[t.testSecret, webhookSecret] as [string, string]]),
  ];
}

function KeyTable({ keys, path }: { readonly keys: readonly ShownApiKey[]; readonly path: string }) {
  const t = texts.value.clients;
  const live = keys.filter(({ prefix }) => !prefix.startsWith('vq_test_'));
  const headings = [t.keyPrefix, t.scopes, t.createdAt, t.madeBy, t.lastUse, t.expires, t.addresses];
  return (
    <div class="table stack">
      <table>
        <caption class="unseen">{t.keys}</caption>
        <thead>
          <tr>
            {headings.map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
            <th scope="col">
              <span class="unseen">{texts.value.deliveries.action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <KeyRow key={key.prefix} apiKey={key} isLast={live.length === 1 && live[0] === key} path={path} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function KeyRow({
  apiKey: { prefix, scopes, createdAt, madeWith, lastUsedAt, expiresAt, addresses },
  isLast,
  path,
}: {
  readonly apiKey: ShownApiKey;
  readonly isLast: boolean;
  readonly path: string;
}) {
  const t = texts.value.clients;
  const revoke = () =>
    ask({
      place: 'keys',
      title: t.revokeTitle(prefix),
      consequence: t.revokeConsequence,
      confirm: t.revokeConfirm,
      method: 'DELETE',
      path: `${path}/keys/${prefix}`,
      done: t.revokeDone,
    });
  return (
    <tr>
      <th scope="row" class="code">
        {prefix}…
      </th>
      <td data-label={t.scopes}>{scopes.map((scope) => t.scope[scope]).join(', ')}</td>
      <td data-label={t.createdAt}>
        <Time at={createdAt} />
      </td>
      <td data-label={t.madeBy}>{madeWith === null ? t.byOperator : t.byKey(madeWith)}</td>
      <td data-label={t.lastUse}>{lastUsedAt === null ? t.unused : <Time at={lastUsedAt} />}</td>
      <td data-label={t.expires}>{describeExpiry(expiresAt)}</td>
      <td data-label={t.addresses}>{addresses.join(', ') || t.anywhere}</td>
      <td class="action">
        <Action label={t.revokeName(prefix)} disabled={isLast} onClick={revoke}>
          {t.revoke}
        </Action>
      </td>
    </tr>
  );
}

function describeExpiry(expiresAt: string | null): string {
  const t = texts.value.clients;
  if (expiresAt === null) return t.never;
  const time = formatInstant(expiresAt, timeZone());
  return Date.parse(expiresAt) <= Date.now() ? t.expired(time) : time;
}

function NewKey({ add }: { readonly add: (body: object) => Promise<void> }) {
  const t = texts.value.clients;
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    await add(readForm(new FormData(event.currentTarget)));
  };
  return (
    <form class="settings" onSubmit={submit}>
      <fieldset class="choice">
        <legend>{t.scopes}</legend>
        {API_KEY_SCOPES.map((scope) => (
          <label key={scope} class="option">
            <input
              type="checkbox"
              name="scopes"
              value={scope}
              defaultChecked={DEFAULT_SCOPES.includes(scope)}
            />
            {t.scope[scope]}
          </label>
        ))}
        <span class="help">{t.scopesHelp}</span>
      </fieldset>
      <label class="option">
        <input type="checkbox" name="test" />
        {t.testKey}
        <span class="help">{t.testKeyHelp}</span>
      </label>
      <label>
        {t.expires}
        <input name="expiresAt" type="datetime-local" />
        <span class="help">{t.expiresHelp}</span>
      </label>
      <label>
        {t.addresses}
        <textarea name="addresses" rows={2} spellcheck={false} />
        <span class="help">{t.addressesHelp}</span>
      </label>
      <p class="actions broad">
        <ActionResult place="keys" />
        <Action submit>{t.addKey}</Action>
      </p>
    </form>
  );
}

/** The time of the form is that of the operator's clock. */
function readForm(form: FormData): object {
  const until = String(form.get('expiresAt') ?? '');
  return {
    scopes: form.getAll('scopes').map(String),
    test: form.get('test') !== null,
    expiresAt: until === '' ? null : new Date(until).toISOString(),
    addresses: String(form.get('addresses') ?? '')
      .split(/\s+/)
      .filter((text) => text !== ''),
  };
}
