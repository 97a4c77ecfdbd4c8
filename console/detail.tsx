import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ConsoleVerificationDetail } from '../shared/contract/console.ts';
import { call } from './api.tsx';
import { redeliver } from './dead-letters.tsx';
import { formatTime, formatWord } from './format.ts';
import { changes, opened } from './state.tsx';

type Shown =
  | { readonly status: 'looking' }
  | { readonly status: 'failed'; readonly reason: string }
  | { readonly status: 'found'; readonly detail: ConsoleVerificationDetail };

/** One verification with its attempts: all that is kept of it but the person. */
export function Detail() {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = useSignal<Shown>({ status: 'looking' });
  const id = opened.value;
  const change = changes.value;

  useEffect(() => {
    if (id === null) dialog.current?.close();
    else dialog.current?.showModal();
  }, [id]);
  useEffect(() => {
    if (id === null) return undefined;
    let left = false;
    void call<ConsoleVerificationDetail>('GET', `/verifications/${id}`).then((answer) => {
      if (left) return;
      shown.value = answer.ok
        ? { status: 'found', detail: answer.value }
        : {
            status: 'failed',
            reason: answer.status === 404 ? 'It is not known, or forgotten' : answer.reason,
          };
    });
    return () => {
      left = true;
      shown.value = { status: 'looking' };
    };
  }, [id, change]);

  return (
    <dialog ref={dialog} class="detail" aria-labelledby="detail" onClose={leave}>
      <h2 id="detail" class="title">
        {id ?? 'Verification'}
      </h2>
      <Contents shown={shown.value} />
      <p class="actions">
        {shown.value.status === 'found' && isResting(shown.value.detail) && id !== null && (
          <button type="button" class="quiet" onClick={() => redeliver(id)}>
            Redeliver
          </button>
        )}
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </p>
    </dialog>
  );
}

function leave() {
  if (opened.value !== null) history.replaceState(null, '', location.pathname);
  opened.value = null;
}

function isResting({ verification: { outcome, delivery } }: ConsoleVerificationDetail): boolean {
  return outcome !== null && ['delivered', 'dead', 'held'].includes(delivery.status);
}

function Contents({ shown }: { readonly shown: Shown }) {
  if (shown.status === 'looking') return <p class="none">Looking…</p>;
  if (shown.status === 'failed') return <p class="none">{shown.reason}.</p>;
  const { verification, clientId, callbackOrigin, deliveries } = shown.detail;
  const { outcome, delivery } = verification;
  return (
    <>
      <dl>
        <Fact name="Status">{verification.status}</Fact>
        {outcome && <Fact name="Verdict">{formatWord(outcome.verdict)}</Fact>}
        {outcome && <Fact name="Code">{outcome.code}</Fact>}
        {outcome && <Fact name="Billed">{describeBilling(outcome)}</Fact>}
        <Fact name="Reference">{verification.reference ?? '–'}</Fact>
        <Fact name="Client">{clientId}</Fact>
        <Fact name="Priority">{verification.priority}</Fact>
        <Fact name="Submitted">{time(verification.submittedAt)}</Fact>
        {verification.position !== null && <Fact name="Place in line">{verification.position}</Fact>}
        {verification.nextAttemptAt && <Fact name="Next attempt">{time(verification.nextAttemptAt)}</Fact>}
        <Fact name="Callback">{callbackOrigin ?? 'the client’s own'}</Fact>
        <Fact name="Delivery">{delivery.status}</Fact>
        {delivery.nextAttemptAt && <Fact name="Delivered again">{time(delivery.nextAttemptAt)}</Fact>}
      </dl>
      <Attempts
        title="Attempts"
        none="It has not been asked yet."
        rows={verification.attempts.map(({ at, durationMs, code }) => ({ at, durationMs, result: code }))}
      />
      <Attempts
        title="Attempts to deliver"
        none="Its event has not been sent yet."
        rows={deliveries.map(({ at, durationMs, status, errorClass }) => ({
          at,
          durationMs,
          result: status === null ? formatWord(errorClass ?? 'no answer') : String(status),
        }))}
      />
    </>
  );
}

const time = (instant: string): string => formatTime(instant, Date.now());

function describeBilling(outcome: {
  readonly billed: boolean;
  readonly possiblyBilledAgain: boolean;
}): string {
  return `${outcome.billed ? 'yes' : 'no'}${outcome.possiblyBilledAgain ? ', perhaps an earlier attempt too' : ''}`;
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface AttemptRow {
  readonly at: string;
  readonly durationMs: number | null;
  readonly result: string;
}

function Attempts({
  title,
  none,
  rows,
}: {
  readonly title: string;
  readonly none: string;
  readonly rows: readonly AttemptRow[];
}) {
  if (rows.length === 0) return <p class="none">{none}</p>;
  return (
    <table>
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">At</th>
          <th scope="col">Result</th>
          <th scope="col" class="number">
            Took
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ at, durationMs, result }) => (
          <tr key={at}>
            <td>{time(at)}</td>
            <td class="code">{result}</td>
            <td class="number">{durationMs === null ? '–' : `${durationMs} ms`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
