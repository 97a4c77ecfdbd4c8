import type { ConsoleEndpointHistories } from '../../shared/contract/console.ts';
import { nameOfClient } from '../clients.tsx';
import { formatNumber } from '../format.ts';
import { hrefOf } from '../route.ts';
import { texts, wordOf } from '../texts/texts.tsx';
import { ask } from './confirm.tsx';
import { useRead } from './list.tsx';
import { Action, ActionResult } from './result.tsx';
import { Badge, ClientName, Time } from './words.tsx';

type Endpoint = ConsoleEndpointHistories['data'][number];

const AGAIN_MS = 5_000;

/** Where events go: how the last week went, what was answered last, and what waits. */
export function Endpoints() {
  const { value, failure } = useRead<ConsoleEndpointHistories>('/endpoints', AGAIN_MS);
  const t = texts.value.deliveries;
  const rows = value?.data.toSorted(byUrgency) ?? [];
  const left = (value?.total ?? 0) - rows.length;
  return (
    <section class="panel" aria-labelledby="endpoints">
      <div class="heading">
        <h2 id="endpoints">{t.endpoints}</h2>
        <ActionResult place="endpoints" />
      </div>
      {failure !== '' && <p class="failure">{failure}</p>}
      <div class="table stack">
        <table>
          <caption class="unseen">{t.endpoints}</caption>
          <thead>
            <tr>
              <th scope="col">{t.endpoint}</th>
              <th scope="col">{t.state}</th>
              <th scope="col" class="roomy">
                {t.week}
              </th>
              <th scope="col" class="roomy">
                {t.lastAnswer}
              </th>
              <th scope="col" class="number">
                {t.waiting}
              </th>
              <th scope="col">
                <span class="unseen">{t.action}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((endpoint) => (
              <Row key={nameOf(endpoint)} endpoint={endpoint} />
            ))}
          </tbody>
        </table>
        {value !== null && rows.length === 0 && <p class="none">{t.noEndpoints}</p>}
        {left > 0 && <p class="help">{t.moreEndpoints(formatNumber(left))}</p>}
      </div>
    </section>
  );
}

const URGENCY = ['held', 'failing', 'no_callback', 'healthy'];
const byUrgency = (a: Endpoint, b: Endpoint): number => URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status);

const nameOf = ({ clientId, origin }: Pick<Endpoint, 'clientId' | 'origin'>): string =>
  `${clientId} ${origin}`;

function Row({ endpoint }: { readonly endpoint: Endpoint }) {
  const { clientId, origin, status, reason, since, waiting, latest } = endpoint;
  const t = texts.value.deliveries;
  const result = latest === null ? '' : (latest.status ?? wordOf(latest.errorClass ?? ''));
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf('verifications', null, { client: clientId, origin })}>
          {origin === 'none' ? t.noCallback : origin}
        </a>{' '}
        <ClientName id={clientId} />
      </th>
      <td>
        <Badge word={status} /> {reason !== null && <span>{wordOf(reason)} </span>}
        {since !== null && (
          <span class="since">
            <Time at={since} />
          </span>
        )}
      </td>
      <td class="roomy">
        <Week endpoint={endpoint} />
      </td>
      <td class="roomy">
        {latest === null ? '–' : <span class="code">{result}</span>}{' '}
        {latest !== null && (
          <span class="since">
            <Time at={latest.at} />
          </span>
        )}
      </td>
      <td class="number" data-label={t.waiting}>
        {formatNumber(waiting)}
      </td>
      <td class="action">
        <Actions endpoint={endpoint} />
      </td>
    </tr>
  );
}

const WIDTH = 112;
const HEIGHT = 20;

/** A bar for each six hours: its height is the attempts, its upper part those that failed. */
function Week({ endpoint: { accepted, failed } }: { readonly endpoint: Endpoint }) {
  const t = texts.value.deliveries;
  const sums = accepted.map((count, i) => count + (failed[i] ?? 0));
  const all = sums.reduce((sum, each) => sum + each, 0);
  if (all === 0) return <span class="since">{t.noAttempts}</span>;
  const taken = accepted.reduce((sum, each) => sum + each, 0);
  const words = t.weekOf(`${formatNumber((100 * taken) / all)} %`, formatNumber(all));
  const top = Math.max(...sums);
  const step = WIDTH / sums.length;
  const draw = (counts: readonly number[], below: readonly number[]) =>
    counts
      .map((count, i) => {
        if (count === 0) return '';
        const low = HEIGHT * (1 - (below[i] ?? 0) / top);
        const high = HEIGHT * (1 - ((below[i] ?? 0) + count) / top);
        return `M${i * step},${low}V${high}h${step - 1}V${low}Z`;
      })
      .join('');
  return (
    <span class="week">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <path class="bars calm" d={draw(accepted, [])} />
        <path class="bars alarm" d={draw(failed, accepted)} />
      </svg>{' '}
      {words}
    </span>
  );
}

function Actions({ endpoint }: { readonly endpoint: Endpoint }) {
  const { clientId, origin, status, reason } = endpoint;
  const t = texts.value.deliveries;
  if (status === 'no_callback') return <a href={hrefOf('clients', clientId)}>{t.setCallback}</a>;
  if (status === 'held') {
    if (reason === 'origin_not_allowed') return null;
    return (
      <Action label={t.releaseName(origin)} onClick={() => askToRelease(endpoint)}>
        {t.release}
      </Action>
    );
  }
  return (
    <Action label={t.holdName(origin)} onClick={() => askToHold(endpoint)}>
      {t.hold}
    </Action>
  );
}

function askToRelease(endpoint: Endpoint) {
  const t = texts.value.deliveries;
  ask({
    place: 'endpoints',
    title: t.releaseTitle(endpoint.origin),
    consequence: t.releaseConsequence(formatNumber(endpoint.waiting), nameOfClient(endpoint.clientId)),
    confirm: t.releaseConfirm,
    path: '/endpoints/release',
    body: () => ({ endpoint: nameOf(endpoint) }),
    done: t.releaseDone(endpoint.origin),
  });
}

function askToHold(endpoint: Endpoint) {
  const t = texts.value.deliveries;
  ask({
    place: 'endpoints',
    title: t.holdTitle(endpoint.origin),
    consequence: t.holdConsequence,
    confirm: t.holdConfirm,
    path: '/endpoints/hold',
    body: () => ({ endpoint: nameOf(endpoint) }),
    done: t.holdDone,
  });
}
