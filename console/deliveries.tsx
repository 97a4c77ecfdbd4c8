import type { ConsoleEndpoint, ConsoleEndpoints } from '../shared/contract/console.ts';
import { call } from './api.tsx';
import { ask } from './confirm.tsx';
import { countOf, formatNumber, formatTime, formatWord } from './format.ts';
import { notice, snapshot } from './state.tsx';

/** Events on their way, and the endpoints that do not take them. */
export function Deliveries() {
  const deliveries = snapshot.value?.deliveries;
  const { data = [], total = 0 } = deliveries?.endpoints ?? {};
  return (
    <section class="panel wide" aria-labelledby="deliveries">
      <h2 id="deliveries">Deliveries</h2>
      <p class="figure">
        {formatNumber((deliveries?.waiting ?? 0) + (deliveries?.active ?? 0))}{' '}
        <span class="unit">under way, {formatNumber(deliveries?.retrying ?? 0)} for a later attempt</span>
      </p>
      <div class="table">
        <table>
          <caption class="unseen">Endpoints that are failing or held</caption>
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Waiting
              </th>
              <th scope="col">
                <span class="unseen">Action</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map((endpoint) => (
              <Endpoint key={nameOf(endpoint)} endpoint={endpoint} />
            ))}
          </tbody>
        </table>
        {data.length === 0 && <p class="none">No endpoint is failing.</p>}
        {total > data.length && (
          <p class="help">{countOf(total - data.length, 'more endpoint')}: npx veriqueue endpoints list</p>
        )}
      </div>
      <p class="actions">
        <button type="button" class="quiet" onClick={askToHoldOne}>
          Hold an endpoint…
        </button>
      </p>
    </section>
  );
}

const nameOf = ({ clientId, origin }: ConsoleEndpoint): string => `${clientId} ${origin}`;

function Endpoint({ endpoint }: { readonly endpoint: ConsoleEndpoint }) {
  const { clientId, origin, status, reason, since, waiting } = endpoint;
  const where = origin === 'none' ? 'no callback address' : origin;
  return (
    <tr>
      <th scope="row">
        <span class="origin">{where}</span> <span class="client">{clientId}</span>
      </th>
      <td>
        <span class={`badge ${status}`}>{status}</span>{' '}
        {reason !== null && <span>{formatWord(reason)} </span>}
        {since !== null && <span class="since">since {formatTime(since, Date.now())}</span>}
      </td>
      <td class="number">{formatNumber(waiting)}</td>
      <td class="action">
        {origin !== 'none' && status === 'held' && reason !== 'origin_not_allowed' && (
          <button
            type="button"
            class="quiet"
            aria-label={`Release ${where}`}
            onClick={() => askToRelease(endpoint)}
          >
            Release…
          </button>
        )}
        {status === 'failing' && (
          <button
            type="button"
            class="quiet"
            aria-label={`Hold ${where}`}
            onClick={() => askToHold([nameOf(endpoint)])}
          >
            Hold…
          </button>
        )}
      </td>
    </tr>
  );
}

function askToRelease(endpoint: ConsoleEndpoint) {
  ask({
    title: `Release ${endpoint.origin}?`,
    consequence: `${countOf(endpoint.waiting, 'event')} of ${endpoint.clientId} will be sent in the order in which they began to wait.`,
    confirm: 'Release',
    path: '/endpoints/release',
    body: () => ({ endpoint: nameOf(endpoint) }),
    done: `${endpoint.origin} is released; its events are on their way.`,
  });
}

async function askToHoldOne() {
  const answer = await call<ConsoleEndpoints>('GET', '/endpoints');
  if (!answer.ok) {
    notice.value = { tone: 'failed', text: `Cannot list the endpoints: ${answer.reason}.` };
    return;
  }
  const choices = answer.value.data.filter(({ status, origin }) => status !== 'held' && origin !== 'none');
  if (choices.length === 0) notice.value = { tone: 'done', text: 'There is no endpoint to hold.' };
  else askToHold(choices.map(nameOf));
}

function askToHold(choices: readonly string[]) {
  ask({
    title: 'Hold an endpoint?',
    consequence: 'Its events wait, with none of their attempts used up, until an operator releases it.',
    confirm: 'Hold',
    field: { kind: 'choice', label: 'Client and origin', choices },
    path: '/endpoints/hold',
    body: (endpoint) => ({ endpoint }),
    done: 'The endpoint is held.',
  });
}
