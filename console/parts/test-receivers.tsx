import type { ConsoleTestReceivers } from '../../shared/contract/console-endpoints.ts';
import { texts } from '../texts/texts.tsx';
import { describeAuth, ReceiverFacts } from './receivers.tsx';
import { Badge } from './words.tsx';

/** Where the events of a client's test keys go. They are the client's to change, with one of these keys. */
export function TestReceivers({
  receivers: { callbackUrl, callbackAuth, data },
}: {
  readonly receivers: ConsoleTestReceivers;
}) {
  const t = texts.value.receivers;
  return (
    <section class="panel wide" aria-labelledby="test-receivers">
      <div class="heading">
        <h2 id="test-receivers">{t.ofTests}</h2>
        <Badge word="test" />
      </div>
      <p class="help">{t.ofTestsHelp}</p>
      <dl>
        <div>
          <dt>{texts.value.clients.callback}</dt>
          <dd>{callbackUrl ?? t.noCallback}</dd>
        </div>
        <div>
          <dt>{t.auth}</dt>
          <dd>{describeAuth(callbackAuth)}</dd>
        </div>
      </dl>
      {data.length === 0 && <p class="none">{t.none}</p>}
      <ul class="receivers">
        {data.map((endpoint) => (
          <li key={endpoint.id}>
            <h3 class="title">
              {endpoint.url} <Badge word={endpoint.status} />
            </h3>
            <ReceiverFacts endpoint={endpoint} />
          </li>
        ))}
      </ul>
    </section>
  );
}
