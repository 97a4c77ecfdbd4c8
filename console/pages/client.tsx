import type { ConsoleChangedClient, ConsoleClient } from '../../shared/contract/console.ts';
import type { UsageReport } from '../../shared/contract/usage.ts';
import { selectChanged } from '../changed-fields.ts';
import { formatNumber } from '../format.ts';
import { ApiKeys } from '../parts/api-keys.tsx';
import { ClientForm, type ClientLimits, type ClientSettings, settingsOf } from '../parts/client-form.tsx';
import { ClientReceivers } from '../parts/client-receivers.tsx';
import { ask } from '../parts/confirm.tsx';
import { Copyable } from '../parts/copy.tsx';
import { useRead } from '../parts/list.tsx';
import { ReceiptLink } from '../parts/receipt.tsx';
import { Action, ActionResult, perform } from '../parts/result.tsx';
import { SelfService } from '../parts/self-service.tsx';
import { Time } from '../parts/words.tsx';
import { hrefOf } from '../route.ts';
import { texts } from '../texts/texts.tsx';
import { usageOf } from '../usage-sums.ts';
import { Days } from './usage.tsx';

/** One client: its settings, keys and secrets, and what it had called. */
export function Client({ id }: { readonly id: string }) {
  const path = `/clients/${encodeURIComponent(id)}`;
  const { value: client, failure, status } = useRead<ConsoleClient>(path);
  const t = texts.value.clients;
  const problem = status === 404 ? texts.value.notFound : failure;
  return (
    <>
      <article class="panel" aria-labelledby="client">
        <p class="back">
          <a href={hrefOf('clients')}>← {t.back}</a>
        </p>
        <h1 id="client" class="title">
          {client?.name ?? id}
        </h1>
        {problem !== '' && <p class="failure">{problem}</p>}
        {client !== null && <Facts client={client} path={path} />}
        {client !== null && <ReceiptLink path={path} name={client.id} />}
      </article>
      {client !== null && (
        <div class="grid">
          <section class="panel wide" aria-labelledby="settings">
            <h2 id="settings">{t.settings}</h2>
            <ClientForm
              place="client"
              confirm={t.save}
              client={client}
              save={async (settings: ClientSettings | (ClientSettings & ClientLimits)) => {
                const body = selectChanged(settings, settingsOf(client));
                return (
                  (await perform('client', { method: 'PATCH', path, body, done: describeSaved })) !== null
                );
              }}
            />
          </section>
          <ApiKeys client={client} path={path} />
          <SelfService client={client} path={path} />
          <ClientReceivers client={client} path={path} />
          <Usage id={id} />
        </div>
      )}
    </>
  );
}

/** A weight may put promised times at risk: that is said beside the button. */
function describeSaved({ promisesAtRisk: atRisk }: ConsoleChangedClient): string {
  const t = texts.value.clients;
  if (atRisk === null || atRisk.verifications === 0) return t.saved;
  return t.savedAtRisk(formatNumber(atRisk.verifications), formatNumber(atRisk.clients));
}

interface Props {
  readonly client: ConsoleClient;
  readonly path: string;
}

function Facts({ client, path }: Props) {
  const t = texts.value.clients;
  const { disabled, share } = client;
  const disable = () =>
    ask({
      place: 'state',
      title: t.disableTitle(client.name),
      consequence: t.disableConsequence,
      confirm: t.disableConfirm,
      method: 'PATCH',
      path,
      body: () => ({ disabled: true }),
      done: t.disableDone,
    });
  const enable = () =>
    perform('state', { method: 'PATCH', path, body: { disabled: false }, done: t.enableDone });
  return (
    <>
      <dl>
        <div>
          <dt>{t.id}</dt>
          <dd>
            <Copyable text={client.id} label={t.id} />
          </dd>
        </div>
        <div>
          <dt>{t.state}</dt>
          <dd>
            <span class={`badge ${disabled ? 'failing' : 'healthy'}`}>
              {disabled ? t.disabled : t.active}
            </span>
          </dd>
        </div>
        <div>
          <dt>{t.createdAt}</dt>
          <dd>{client.createdAt === null ? '–' : <Time at={client.createdAt} exact />}</dd>
        </div>
        <div>
          <dt>{t.waiting}</dt>
          <dd>{t.waitingOf(formatNumber(share.interactive), formatNumber(share.bulk))}</dd>
        </div>
        {share.due !== null && (
          <div>
            <dt>{t.share}</dt>
            <dd>{formatNumber(100 * share.due)} %</dd>
          </div>
        )}
        <div>
          <dt>{t.calls}</dt>
          <dd>{formatNumber(share.callsLastMinute)}</dd>
        </div>
        {share.had !== null && (
          <div>
            <dt>{t.had}</dt>
            <dd>{formatNumber(100 * share.had)} %</dd>
          </div>
        )}
        {share.oldestAt !== null && (
          <div>
            <dt>{t.oldest}</dt>
            <dd>
              <Time at={share.oldestAt} exact />
            </dd>
          </div>
        )}
        <Budgets client={client} />
        <div>
          <dt>{t.stored}</dt>
          <dd>{formatNumber(client.stored)}</dd>
        </div>
      </dl>
      <p class="actions">
        <ActionResult place="state" />
        <a href={hrefOf('verifications', null, { client: client.id })}>{t.itsVerifications}</a>
        <a href={hrefOf('clients', client.id, {}, 'deliveries')}>{t.itsDeliveries}</a>
        <a href={hrefOf('deliveries', null, { client: client.id })}>{t.itsDeadLetters}</a>
        <a href={hrefOf('activity', null, { target: client.id })}>{texts.value.auditSearch.ofThis}</a>
        <Action onClick={disabled ? enable : disable}>{disabled ? t.enable : t.disable}</Action>
      </p>
    </>
  );
}

/** What has been billed of each budget. */
function Budgets({ client: { budget } }: Pick<Props, 'client'>) {
  const t = texts.value.clients;
  const rows = [
    [t.budgetDay, budget?.day],
    [t.budgetMonth, budget?.month],
  ] as const;
  return (
    <>
      {rows.map(
        ([name, period]) =>
          period && (
            <div key={name}>
              <dt>{name}</dt>
              <dd class={period.spent >= period.limit ? 'failure' : ''}>
                {t.spent(formatNumber(period.spent), formatNumber(period.limit))}
              </dd>
            </div>
          ),
      )}
    </>
  );
}

function Usage({ id }: { readonly id: string }) {
  const { value, failure } = useRead<UsageReport>('/usage');
  return (
    <section class="panel wide" aria-labelledby="client-usage">
      <h2 id="client-usage">{texts.value.clients.usage}</h2>
      {value === null ? (
        <p class="none">{failure || texts.value.looking}</p>
      ) : (
        <Days usage={usageOf(value, id)} />
      )}
    </section>
  );
}
