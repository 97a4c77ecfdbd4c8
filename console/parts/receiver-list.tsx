import { useSignal } from '@preact/signals';
import { formatNumber } from '../format.ts';
import { operator } from '../state.tsx';
import { texts } from '../texts/texts.tsx';
import { ReceiverForm, type ReceiverSettings, type ShownEndpoint } from './receiver-form.tsx';
import { Receiver } from './receivers.tsx';
import { ActionResult, perform } from './result.tsx';
import { Secrets } from './secrets.tsx';

interface ReceiverListProps {
  readonly title: string;
  readonly help: string;
  /** What to say when there is none. */
  readonly none: string;
  /** Of the list, in the console's API. */
  readonly path: string;
  /** Null: they have not been read yet. */
  readonly endpoints: readonly ShownEndpoint[] | null;
  /** That there may be. */
  readonly most: number;
  readonly failure: string;
  /** The types of event that they may be sent. */
  readonly choices: readonly string[];
  /** Those that a new one is sent unless it is said otherwise. @default all choices */
  readonly chosen?: readonly string[];
  readonly urlHelp?: string;
  /** Of the page of the deliveries to one of them; left out where there is none. */
  readonly hrefOfDeliveries?: (id: string) => string;
}

/** Endpoints, each with what can be done to it, and a form for one more. */
export function ReceiverList({ title, help, none, endpoints, failure, ...props }: ReceiverListProps) {
  return (
    <section class="panel wide" aria-labelledby="receivers">
      <div class="heading">
        <h2 id="receivers">{title}</h2>
        <ActionResult place="receivers" />
      </div>
      <p class="help">{help}</p>
      {failure !== '' && <p class="failure">{failure}</p>}
      {endpoints === null && failure === '' && <p class="none">{texts.value.looking}</p>}
      {endpoints?.length === 0 && <p class="none">{none}</p>}
      <ul class="receivers">
        {endpoints?.map((endpoint) => (
          <Receiver key={endpoint.id} endpoint={endpoint} {...props} />
        ))}
      </ul>
      {endpoints !== null && operator.value?.readOnly !== true && (
        <NewReceiver {...props} isFull={endpoints.length >= props.most} />
      )}
    </section>
  );
}

interface NewReceiverProps
  extends Pick<ReceiverListProps, 'path' | 'most' | 'choices' | 'chosen' | 'urlHelp'> {
  readonly isFull: boolean;
}

interface MadeEndpoint {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
}

function NewReceiver({ path, most, isFull, ...choosing }: NewReceiverProps) {
  const made = useSignal<MadeEndpoint | null>(null);
  const t = texts.value.receivers;
  const add = async (body: ReceiverSettings) => {
    made.value = await perform<MadeEndpoint>('new-receiver', { path, body, done: t.added });
  };
  return (
    <>
      {isFull ? (
        <p class="actions">
          <ActionResult place="new-receiver" />
          <span class="help">{t.full(formatNumber(most))}</span>
        </p>
      ) : (
        <>
          <h3>{t.add}</h3>
          <ReceiverForm
            key={made.value?.id ?? 'first'}
            place="new-receiver"
            confirm={t.addConfirm}
            save={add}
            {...choosing}
          />
        </>
      )}
      {made.value && <Secrets rows={[[`${t.secret}: ${made.value.url}`, made.value.secret]]} />}
    </>
  );
}
