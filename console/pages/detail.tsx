import type { ComponentChildren } from 'preact';
import type { ConsoleVerificationDetail } from '../../shared/contract/console.ts';
import { formatDuration, formatNumber } from '../format.ts';
import { Copyable, CopyButton } from '../parts/copy.tsx';
import { useRead } from '../parts/list.tsx';
import { ReceiptLink } from '../parts/receipt.tsx';
import { Action, ActionResult, perform } from '../parts/result.tsx';
import { Badge, ClientName, Code, Time } from '../parts/words.tsx';
import { hrefOf } from '../route.ts';
import { texts, wordOf } from '../texts/texts.tsx';

const AGAIN_MS = 3_000;

/** One verification with its attempts: all that is kept of it but the person. */
export function Detail({ id }: { readonly id: string }) {
  const {
    value: detail,
    failure,
    status,
  } = useRead<ConsoleVerificationDetail>(`/verifications/${id}`, AGAIN_MS);
  const t = texts.value.detail;
  const problem = status === 404 ? texts.value.notFound : failure;
  return (
    <article class="panel" aria-labelledby="detail">
      <p class="back">
        <a href={hrefOf('verifications')}>← {t.back}</a>
      </p>
      <h1 id="detail" class="title">
        <Copyable text={id} label={texts.value.list.verification} />
      </h1>
      {problem !== '' && <p class="failure">{problem}</p>}
      {detail === null ? (
        problem === '' && <p class="none">{texts.value.looking}</p>
      ) : (
        <Contents detail={detail} />
      )}
    </article>
  );
}

function Contents({ detail }: { readonly detail: ConsoleVerificationDetail }) {
  const { verification, deliveries, event } = detail;
  const t = texts.value.detail;
  return (
    <>
      <Facts detail={detail} />
      <Attempts
        title={t.attempts}
        none={t.notAsked}
        rows={verification.attempts.map(({ at, durationMs, code, requestId, account = null }) => ({
          at,
          durationMs,
          result: code,
          requestId,
          account,
        }))}
      />
      <Attempts
        title={t.deliveries}
        none={t.notSent}
        rows={deliveries.map(({ at, durationMs, status, errorClass }) => ({
          at,
          durationMs,
          result: status === null ? wordOf(errorClass ?? t.noResponse) : String(status),
          requestId: null,
          account: null,
        }))}
      />
      <Redelivery detail={detail} />
      {(verification.outcome !== null || verification.status === 'cancelled') && (
        <ReceiptLink path={`/verifications/${verification.id}`} name={verification.id} />
      )}
      <p class="actions">
        <a href={hrefOf('activity', null, { target: verification.id })}>{texts.value.auditSearch.ofThis}</a>
      </p>
      <h2>{t.event}</h2>
      {event === null ? (
        <p class="none">{t.noEvent}</p>
      ) : (
        <>
          <pre>{pretty(event)}</pre>
          <p class="actions">
            <CopyButton text={event} label={t.event} />
          </p>
        </>
      )}
    </>
  );
}

function Facts({ detail }: { readonly detail: ConsoleVerificationDetail }) {
  const { verification, clientId, callbackOrigin, webhookId } = detail;
  const { outcome, delivery, reference, position, nextAttemptAt } = verification;
  const t = texts.value;
  return (
    <dl>
      <Fact name={t.list.status}>
        <Badge word={verification.status} />
      </Fact>
      {outcome && <OutcomeFacts outcome={outcome} descriptionZh={detail.descriptionZh} />}
      <Fact name={t.list.client}>
        <ClientName id={clientId} />
      </Fact>
      <Fact name={t.list.reference}>
        {reference === null ? t.none : <Copyable text={reference} label={t.list.reference} />}
      </Fact>
      <Fact name={t.detail.priority}>{wordOf(verification.priority)}</Fact>
      <Fact name={t.list.submitted}>
        <Time at={verification.submittedAt} exact />
      </Fact>
      {position !== null && <Fact name={t.detail.place}>{formatNumber(position)}</Fact>}
      {nextAttemptAt && (
        <Fact name={t.detail.next}>
          <Time at={nextAttemptAt} exact />
        </Fact>
      )}
      <Fact name={t.list.delivery}>
        <Badge word={delivery.status} />
      </Fact>
      {delivery.nextAttemptAt && (
        <Fact name={t.detail.deliveredAgain}>
          <Time at={delivery.nextAttemptAt} exact />
        </Fact>
      )}
      <Fact name={t.detail.callback}>{callbackOrigin ?? t.detail.ownCallback}</Fact>
      <Fact name={t.detail.webhookId}>
        <Copyable text={webhookId} label={t.detail.webhookId} />
      </Fact>
    </dl>
  );
}

type Outcome = NonNullable<ConsoleVerificationDetail['verification']['outcome']>;

function OutcomeFacts({
  outcome,
  descriptionZh,
}: {
  readonly outcome: Outcome;
  readonly descriptionZh: string | null;
}) {
  const t = texts.value.detail;
  const description = texts.value.locale === 'en' ? outcome.description : descriptionZh;
  const billed = `${outcome.billed ? t.yes : t.no}${outcome.possiblyBilledAgain ? `, ${t.perhapsAgain}` : ''}`;
  return (
    <>
      <Fact name={t.verdict}>
        <Badge word={outcome.verdict} />
      </Fact>
      <Fact name={texts.value.list.code}>
        <Code code={outcome.code} />
      </Fact>
      {description && <Fact name={t.description}>{description}</Fact>}
      <Fact name={t.similarity}>{outcome.sim === null ? texts.value.none : String(outcome.sim)}</Fact>
      <Fact name={t.billed}>{billed}</Fact>
      <Fact name={t.completed}>
        <Time at={outcome.completedAt} exact />
      </Fact>
      {outcome.requestId && (
        <Fact name={t.requestId}>
          <Copyable text={outcome.requestId} label={t.requestId} />
        </Fact>
      )}
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Redelivery({ detail: { verification } }: { readonly detail: ConsoleVerificationDetail }) {
  const { id, outcome, delivery } = verification;
  const isResting = outcome !== null && ['delivered', 'dead', 'held'].includes(delivery.status);
  const t = texts.value.detail;
  return (
    <p class="actions">
      <ActionResult place="redeliver" />
      {isResting && (
        <Action
          onClick={() =>
            perform('redeliver', { path: `/verifications/${id}/redeliver`, done: t.redelivered })
          }
        >
          {t.redeliver}
        </Action>
      )}
    </p>
  );
}

interface AttemptRow {
  readonly at: string;
  readonly durationMs: number | null;
  readonly result: string;
  readonly requestId: string | null;
  /** Null where one account is asked alone. */
  readonly account: string | null;
}

interface AttemptsProps {
  readonly title: string;
  readonly none: string;
  readonly rows: readonly AttemptRow[];
}

function Attempts({ title, none, rows }: AttemptsProps) {
  const t = texts.value.detail;
  const isAsked = rows.some(({ requestId }) => requestId !== null);
  const isNamed = rows.some(({ account }) => account !== null);
  return (
    <>
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <p class="none">{none}</p>
      ) : (
        <div class="table">
          <table>
            <caption class="unseen">{title}</caption>
            <thead>
              <tr>
                <th scope="col">{t.at}</th>
                <th scope="col">{t.result}</th>
                {isNamed && <th scope="col">{texts.value.accounts.name}</th>}
                {isAsked && (
                  <th scope="col" class="roomy">
                    {t.requestId}
                  </th>
                )}
                <th scope="col" class="number">
                  {t.took}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ at, durationMs, result, requestId, account }) => (
                <tr key={at}>
                  <td>
                    <Time at={at} exact />
                  </td>
                  <td>
                    <Code code={result} />
                  </td>
                  {isNamed && <td>{account ?? '–'}</td>}
                  {isAsked && (
                    <td class="roomy">
                      {requestId === null ? '–' : <Copyable text={requestId} label={t.requestId} />}
                    </td>
                  )}
                  <td class="number">{durationMs === null ? '–' : took(durationMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

const took = (ms: number): string => (ms < 10_000 ? `${ms} ms` : formatDuration(ms / 1000, texts.value.unit));

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
