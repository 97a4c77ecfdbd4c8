import type { ConsoleVerification } from '../../shared/contract/console.ts';
import { texts } from '../texts/texts.tsx';
import { Badge, ClientName, Code, ShortId, Time } from './words.tsx';

interface VerificationTableProps {
  readonly rows: readonly ConsoleVerification[];
  /** What is said when there are none; nothing while they are read. */
  readonly none?: string;
}

export function VerificationTable({ rows, none = '' }: VerificationTableProps) {
  const t = texts.value.list;
  return (
    <div class="table">
      <table>
        <caption class="unseen">{t.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t.verification}</th>
            <th scope="col" class="roomy">
              {t.client}
            </th>
            <th scope="col" class="roomy">
              {t.reference}
            </th>
            <th scope="col" class="roomy">
              {t.submitted}
            </th>
            <th scope="col">{t.status}</th>
            <th scope="col" class="roomy">
              {t.code}
            </th>
            <th scope="col" class="number roomy">
              {t.attempts}
            </th>
            <th scope="col">{t.delivery}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row">
                <ShortId id={row.id} label={t.verification} />
              </th>
              <td class="roomy">
                <ClientName id={row.clientId} />
              </td>
              <td class="roomy reference">{row.reference ?? '–'}</td>
              <td class="roomy">
                <Time at={row.submittedAt} />
              </td>
              <td>
                <Badge word={row.verdict ?? row.status} />
              </td>
              <td class="roomy">{row.code === null ? '–' : <Code code={row.code} />}</td>
              <td class="number roomy">{row.attempts}</td>
              <td>
                <Badge word={row.delivery} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && none !== '' && <p class="none">{none}</p>}
    </div>
  );
}
