import { useSignal } from '@preact/signals';
import type { TargetedEvent } from 'preact';
import type { ConsoleNewOperator, ConsoleOperators } from '../../shared/contract/console-operators.ts';
import { formatNumber } from '../format.ts';
import { ask } from '../parts/confirm.tsx';
import { LaneReceivers } from '../parts/lane-receivers.tsx';
import { useRead } from '../parts/list.tsx';
import { Action, ActionResult, perform } from '../parts/result.tsx';
import { Secrets } from '../parts/secrets.tsx';
import { Time } from '../parts/words.tsx';
import { findSession } from '../session.tsx';
import { operator } from '../state.tsx';
import { texts } from '../texts/texts.tsx';

type Operator = ConsoleOperators['data'][number];

/** Sessions begin and end elsewhere. */
const AGAIN_MS = 10_000;

/** Who may use the console, each with a key. */
export function Operators() {
  const { value, failure } = useRead<ConsoleOperators>('/operators', AGAIN_MS);
  const t = texts.value.operators;
  return (
    <>
      <section class="panel" aria-label={texts.value.page.operators}>
        {failure !== '' && <p class="failure">{failure}</p>}
        {value !== null && <Table operators={value} />}
        {value?.data.length === 0 && <p class="none">{t.none}</p>}
        <p class="help">{t.help}</p>
        <p class="actions">
          <ActionResult place="operators" />
        </p>
      </section>
      {operator.value?.readOnly !== true && <NewOperator />}
      <LaneReceivers />
    </>
  );
}

function Table({ operators }: { readonly operators: ConsoleOperators }) {
  const t = texts.value.operators;
  const { data, environment, self } = operators;
  return (
    <div class="table stack">
      <table>
        <caption class="unseen">{t.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t.name}</th>
            <th scope="col">{t.role}</th>
            <th scope="col">{t.key}</th>
            <th scope="col">{t.createdAt}</th>
            <th scope="col">{t.lastUsed}</th>
            <th scope="col" class="number">
              {t.sessions}
            </th>
            <th scope="col">
              <span class="unseen">{texts.value.deliveries.action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {data.map((each) => (
            <Row key={each.name} operator={each} operators={operators} />
          ))}
          <tr>
            <th scope="row">environment {self === 'environment' && <span class="badge">{t.self}</span>}</th>
            <td>{t.full}</td>
            <td class="help" colSpan={2}>
              {t.environment}
            </td>
            <Use {...environment} />
            <td />
          </tr>
        </tbody>
      </table>
    </div>
  );
}

function Row({
  operator: { name, readOnly, prefix, createdAt, ...use },
  operators,
}: {
  readonly operator: Operator;
  readonly operators: ConsoleOperators;
}) {
  const t = texts.value.operators;
  return (
    <tr>
      <th scope="row">
        {name} {operators.self === name && <span class="badge">{t.self}</span>}
      </th>
      <td>{readOnly ? <span class="badge read-only">{t.readOnly}</span> : t.full}</td>
      <td class="code">{prefix}…</td>
      <td data-label={t.createdAt}>
        <Time at={createdAt} />
      </td>
      <Use {...use} />
      <td class="action">
        <Action label={t.revokeName(name)} onClick={() => askToRevoke(name, operators)}>
          {t.revoke}
        </Action>
      </td>
    </tr>
  );
}

function Use({ lastUsedAt, sessions }: ConsoleOperators['environment']) {
  const t = texts.value.operators;
  return (
    <>
      <td data-label={t.lastUsed}>{lastUsedAt === null ? t.never : <Time at={lastUsedAt} />}</td>
      <td class="number" data-label={t.sessions}>
        {formatNumber(sessions)}
      </td>
    </>
  );
}

/** The server refuses both cases unless it is said that the operator was warned. */
function askToRevoke(name: string, { data, self }: ConsoleOperators) {
  const t = texts.value.operators;
  const wanted = data.find((each) => each.name === name);
  const others = data.filter((each) => each.name !== name && !each.readOnly);
  const isOwn = self === name;
  const isLast = wanted?.readOnly === false && others.length === 0;
  const query = new URLSearchParams({ evenOwn: String(isOwn), evenLast: String(isLast) });
  ask({
    place: 'operators',
    title: t.revokeTitle(name),
    consequence: t.revokeConsequence(formatNumber(wanted?.sessions ?? 0)),
    warnings: [...(isOwn ? [t.ownWarning] : []), ...(isLast ? [t.lastWarning] : [])],
    confirm: isOwn || isLast ? t.revokeAnyway : t.revokeConfirm,
    method: 'DELETE',
    path: `/operators/${encodeURIComponent(name)}?${query}`,
    done: t.revoked(name),
    after: () => void (isOwn && findSession()),
  });
}

function NewOperator() {
  const made = useSignal<ConsoleNewOperator | null>(null);
  const t = texts.value.operators;
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const body = { name: String(given.get('name')).trim(), readOnly: given.get('role') === 'read_only' };
    made.value = await perform<ConsoleNewOperator>('new-operator', {
      path: '/operators',
      body,
      done: t.created,
    });
    if (made.value !== null) form.reset();
  };
  return (
    <section class="panel" aria-labelledby="new-operator">
      <h2 id="new-operator">{t.add}</h2>
      <form class="settings" onSubmit={submit}>
        <label>
          {t.name}
          <input name="name" required maxLength={40} autocomplete="off" spellcheck={false} />
          <span class="help">{t.nameHelp}</span>
        </label>
        <label>
          {t.role}
          <select name="role">
            <option value="full">{t.full}</option>
            <option value="read_only">{t.readOnly}</option>
          </select>
          <span class="help">{t.roleHelp}</span>
        </label>
        <p class="actions broad">
          <ActionResult place="new-operator" />
          <Action submit loud>
            {t.create}
          </Action>
        </p>
      </form>
      {made.value && <Secrets rows={[[`${t.operatorKey}: ${made.value.name}`, made.value.operatorKey]]} />}
    </section>
  );
}
