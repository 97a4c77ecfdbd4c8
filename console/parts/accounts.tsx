import type { LaneAccount } from '../../shared/contract/lane.ts';
import { formatNumber } from '../format.ts';
import { snapshot } from '../state.tsx';
import { texts } from '../texts/texts.tsx';
import { ask } from './confirm.tsx';
import { Action, ActionResult } from './result.tsx';
import { Badge, Code } from './words.tsx';

/** The accounts behind the queue, where a file names several: each may be closed while the lane runs. */
export function Accounts() {
  const accounts = snapshot.value?.lane.accounts ?? [];
  const t = texts.value.accounts;
  if (accounts.length === 0) return null;
  return (
    <section class="panel wide" aria-labelledby="accounts">
      <div class="heading">
        <h2 id="accounts">{t.title}</h2>
        <ActionResult place="accounts" />
      </div>
      <div class="table">
        <table>
          <caption class="unseen">{t.title}</caption>
          <thead>
            <tr>
              <th scope="col">{t.name}</th>
              <th scope="col">{t.state}</th>
              <th scope="col" class="number">
                {t.inUse}
              </th>
              <th scope="col" class="number">
                {t.workers}
              </th>
              <th scope="col">
                <span class="unseen">{t.action}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {accounts.map((account) => (
              <Row key={account.name} account={account} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ account }: { readonly account: LaneAccount }) {
  const { name, status, reason, workers, quota } = account;
  const t = texts.value.accounts;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <Badge word={status} /> {reason !== null && <Code code={reason} />}
      </td>
      <td class="number">{t.ofQuota(formatNumber(quota.inUse), formatNumber(quota.perSecond))}</td>
      <td class="number">{formatNumber(workers)}</td>
      <td class="action">
        {status !== 'running' && (
          <Action label={t.resumeName(name)} onClick={() => askToResume(name)}>
            {t.resume}
          </Action>
        )}{' '}
        {status !== 'paused' && (
          <Action label={t.pauseName(name)} onClick={() => askToPause(name)}>
            {t.pause}
          </Action>
        )}
      </td>
    </tr>
  );
}

function askToPause(name: string) {
  const t = texts.value.accounts;
  ask({
    place: 'accounts',
    title: t.pauseTitle(name),
    consequence: t.pauseConsequence,
    confirm: t.pauseConfirm,
    field: { label: texts.value.status.pauseReason, help: texts.value.status.pauseHelp },
    path: `/accounts/${name}/pause`,
    body: (reason) => ({ reason }),
    done: t.pauseDone(name),
  });
}

function askToResume(name: string) {
  const t = texts.value.accounts;
  ask({
    place: 'accounts',
    title: t.resumeTitle(name),
    consequence: t.resumeConsequence,
    confirm: t.resumeConfirm,
    path: `/accounts/${name}/resume`,
    done: t.resumeDone(name),
  });
}
