import type { ConsoleRecordOfProcessing } from '../../shared/contract/record-of-processing.ts';
import { useRead } from '../parts/list.tsx';
import { Time } from '../parts/words.tsx';
import { language } from '../preferences.tsx';
import { hrefOf } from '../route.ts';
import { texts } from '../texts/texts.tsx';

const PATH = '/record-of-processing';

/** What is kept where, how long and why, by the settings with which the lane runs. */
export function RecordOfProcessing() {
  const query = `?language=${language.value}`;
  const { value, failure } = useRead<ConsoleRecordOfProcessing>(`${PATH}${query}`);
  const t = texts.value.record;
  return (
    <article class="panel" aria-labelledby="record">
      <p class="back">
        <a href={hrefOf('activity')}>← {texts.value.page.activity}</a>
      </p>
      <h1 id="record" class="title">
        {t.title}
      </h1>
      <p class="help">{t.help}</p>
      {failure !== '' && <p class="failure">{failure}</p>}
      {value === null && failure === '' && <p class="none">{texts.value.looking}</p>}
      {value?.record === null && <p class="none">{t.unknown}</p>}
      {value?.record && (
        <>
          <Holdings record={value.record} />
          {value.record.notes.map((note) => (
            <p key={note} class="note">
              {note}
            </p>
          ))}
          <p class="help">
            {t.saidAt} {value.saidAt !== null && <Time at={value.saidAt} exact />}
          </p>
          <p class="actions">
            <a href={`/console/api${PATH}.md${query}`} download="record-of-processing.md">
              {t.save}
            </a>
          </p>
        </>
      )}
    </article>
  );
}

function Holdings({ record }: { readonly record: NonNullable<ConsoleRecordOfProcessing['record']> }) {
  return (
    <div class="table stack">
      <table>
        <caption class="unseen">{record.title}</caption>
        <thead>
          <tr>
            {record.columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {record.rows.map(([what = '', ...others]) => (
            <tr key={what}>
              <th scope="row">{what}</th>
              {others.map((cell, i) => (
                <td key={record.columns[i + 1]} class="cell" data-label={record.columns[i + 1]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
