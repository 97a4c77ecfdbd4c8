import { formatNumber, formatWord } from './format.ts';
import { snapshot } from './state.tsx';

/** The day's calls as the bill will count them. */
export function Outcomes() {
  const today = snapshot.value?.today;
  const rows = today?.outcomes ?? [];
  const billed = rows.reduce((sum, row) => sum + row.billed, 0);
  const calls = rows.reduce((sum, row) => sum + row.billed + row.unbilled + row.unknown, 0);
  return (
    <section class="panel wide" aria-labelledby="outcomes">
      <h2 id="outcomes">Upstream calls today</h2>
      <p class="figure">
        {formatNumber(calls)} <span class="unit">{formatNumber(billed)} billed</span>
      </p>
      <div class="table">
        <table>
          <caption class="unseen">Calls by code since midnight, UTC+08:00</caption>
          <thead>
            <tr>
              <th scope="col">Code</th>
              <th scope="col" class="roomy">
                Verdict
              </th>
              <th scope="col" class="number">
                Calls
              </th>
              <th scope="col" class="number">
                Billed
              </th>
              <th scope="col" class="number roomy">
                Perhaps
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.code}>
                <th scope="row" class="code">
                  {row.code}
                </th>
                <td class="roomy">{formatWord(row.verdict)}</td>
                <td class="number">{formatNumber(row.billed + row.unbilled + row.unknown)}</td>
                <td class="number">{formatNumber(row.billed)}</td>
                <td class="number roomy">{formatNumber(row.unknown)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <p class="none">None since midnight, UTC+08:00.</p>}
      </div>
    </section>
  );
}
