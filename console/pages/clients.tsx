import { useSignal } from '@preact/signals';
import type { ConsoleNewClient } from '../../shared/contract/console.ts';
import { clients } from '../clients.tsx';
import { formatNumber } from '../format.ts';
import { ClientForm, type ClientSettings } from '../parts/client-form.tsx';
import { perform } from '../parts/result.tsx';
import { Secrets } from '../parts/secrets.tsx';
import { Shares } from '../parts/shares.tsx';
import { hrefOf } from '../route.ts';
import { operator } from '../state.tsx';
import { texts, wordOf } from '../texts/texts.tsx';

/** Who may submit: by name, with what each had today. */
export function Clients() {
  const t = texts.value.clients;
  return (
    <>
      <section class="panel" aria-label={texts.value.page.clients}>
        <Table />
        <p class="help roomy">{t.shareHelp}</p>
        {clients.value?.length === 0 && <p class="none">{t.empty}</p>}
      </section>
      <Shares />
      {operator.value?.readOnly !== true && <NewClient />}
    </>
  );
}

function Table() {
  const t = texts.value.clients;
  return (
    <div class="table">
      <table>
        <caption class="unseen">{t.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t.clientName}</th>
            <th scope="col">{t.state}</th>
            <th scope="col" class="number">
              {t.weight}
            </th>
            <th scope="col" class="number roomy">
              {t.share}
            </th>
            <th scope="col" class="number">
              {t.waiting}
            </th>
            <th scope="col" class="number">
              {t.today}
            </th>
            <th scope="col" class="number roomy">
              {texts.value.usage.billed}
            </th>
            <th scope="col" class="number roomy">
              {t.stored}
            </th>
            <th scope="col" class="roomy">
              {t.callback}
            </th>
          </tr>
        </thead>
        <tbody>
          {(clients.value ?? []).map((client) => (
            <tr key={client.id}>
              <th scope="row">
                <a href={hrefOf('clients', client.id)} title={client.id}>
                  {client.name}
                </a>
              </th>
              <td>
                <span class={`badge ${client.disabled ? 'failing' : 'healthy'}`}>
                  {client.disabled ? t.disabled : t.active}
                </span>
              </td>
              <td class="number">{formatNumber(client.weight)}</td>
              <td class="number roomy">{formatShare(client.share.due)}</td>
              <td class="number">{formatNumber(client.share.interactive + client.share.bulk)}</td>
              <td class="number">{formatNumber(client.today.calls)}</td>
              <td class="number roomy">{formatNumber(client.today.billed)}</td>
              <td class="number roomy">{formatNumber(client.stored)}</td>
              <td class="roomy">
                {client.callbackUrl === null ? wordOf('no_callback') : new URL(client.callbackUrl).origin}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const formatShare = (due: number | null): string =>
  due === null ? texts.value.none : `${formatNumber(100 * due)} %`;

function NewClient() {
  const made = useSignal<ConsoleNewClient | null>(null);
  const t = texts.value.clients;
  const create = async (settings: ClientSettings) => {
    made.value = await perform<ConsoleNewClient>('new-client', {
      path: '/clients',
      body: settings,
      done: t.created,
    });
    return made.value !== null;
  };
  return (
    <section class="panel" aria-labelledby="new-client">
      <h2 id="new-client">{t.newClient}</h2>
      <ClientForm place="new-client" confirm={t.create} save={create} />
      {made.value && (
        <Secrets
          rows={[
            [t.id, made.value.id],
            [t.apiKey, made.value.apiKey],
            [t.secret, made.value.webhookSecret],
          ]}
        />
      )}
    </section>
  );
}
