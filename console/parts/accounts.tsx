import type { LaneAccount } from '../../shared/contract/lane.ts';
import { formatNumber } from '../format.ts';
import { snapshot } from '../state.tsx';
import { texts } from '../texts/texts.tsx';
import { Badge, Code } from './words.tsx';

/** The accounts behind the queue, where a file names several: each may be closed while the lane runs. */
export function Accounts() {
  const accounts = snapshot.value?.lane.accounts ?? [];
  const t = texts.value.accounts;
  if (accounts.length === 0) return null;
  return (
    <section class="panel wide" aria-labelledby="accounts">
      <h2 id="accounts">{t.title}</h2>
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
    </tr>
  );
}
