import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import { isBlank, readCsv } from './read-csv.ts';
import type { BillLine } from './reconcile.ts';

/** What the columns of a bill are called, in English and in Chinese exports. */
const COLUMNS = {
  day: [
    'day',
    'date',
    'usage date',
    'usage start time',
    'time',
    '日期',
    '使用日期',
    '使用开始时间',
    '调用时间',
    '时间',
  ],
  code: ['code', 'result', 'return code', 'result code', '返回码', '结果', '结果码', '错误码'],
  count: ['count', 'calls', 'usage', 'amount', 'quantity', '次数', '调用次数', '用量', '计费次数'],
} as const;

export type ColumnNames = Partial<Record<keyof typeof COLUMNS, string>>;

/**
 * The charged calls of a bill, one line for each day and code. Without a column of codes the days are compared as a whole; without one of
 * counts each line is a call. Of a large bill, no more than a piece is in memory.
 *
 * @throws {CommandFailure} naming the line and column that cannot be read, never its text
 */
export async function readBill(file: string, names: ColumnNames): Promise<readonly BillLine[]> {
  let columns: Columns | null = null;
  const lines = new Map<string, BillLine>();
  for await (const { fields, line } of readCsv(file)) {
    if (isBlank(fields)) continue;
    if (columns === null) {
      columns = findColumns(file, fields, names);
      continue;
    }
    const { day, code, count } = readLine(columns, fields, `${file}, line ${line}`);
    const key = `${day} ${code}`;
    lines.set(key, { day, code, count: count + (lines.get(key)?.count ?? 0) });
  }
  return [...lines.values()];
}

interface Column {
  /** Among the fields of a row, from 0. */
  readonly at: number;
  readonly name: string;
}

type Columns = { readonly day: Column } & { readonly [Name in 'code' | 'count']: Column | null };

function findColumns(file: string, headings: readonly string[], names: ColumnNames): Columns {
  const find = (what: keyof typeof COLUMNS): Column | null => {
    const wanted = names[what] === undefined ? COLUMNS[what] : [names[what]];
    const at = headings.findIndex((heading) =>
      wanted.some((name) => name.toLowerCase() === heading.trim().toLowerCase()),
    );
    if (at >= 0) return { at, name: headings[at]?.trim() ?? '' };
    if (names[what] === undefined) return null;
    throw new CommandFailure(`${file} has no column ${names[what]}`, EXIT.calledWrongly);
  };
  const [day, code, count] = [find('day'), find('code'), find('count')];
  if (day !== null) return { day, code, count };
  throw new CommandFailure(
    `${file} must have a column of days: name it with --day-column`,
    EXIT.calledWrongly,
  );
}

function readLine({ day, code, count }: Columns, fields: readonly string[], where: string): BillLine {
  const textOf = ({ at }: Column) => fields[at]?.trim() ?? '';
  return {
    day: readDay(textOf(day), `${where}, ${day.name}`),
    code: code === null ? '' : readCode(textOf(code)),
    count: count === null ? 1 : readCount(textOf(count), `${where}, ${count.name}`),
  };
}

/** As bills and spreadsheets write it: `2026-03-01`, `20260301`, `2026/3/1`, `2026年3月1日`. */
const DAY = /^(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})|(\d{2})(\d{2}))(?:\D|$)/;

/** A bill counts days in +08:00, as the ledger does: what stands behind the day is not looked at. */
function readDay(text: string, where: string): string {
  const [, year = '', ...parts] = DAY.exec(text) ?? [];
  const [month, day] = parts.flatMap((part) => (part === undefined ? [] : [part.padStart(2, '0')]));
  const read = `${year}-${month}-${day}`;
  const at = Date.parse(read);
  // A day that there is not, such as 2026-02-30, is read as a later one.
  if (!Number.isNaN(at) && new Date(at).toISOString().startsWith(read)) return read;
  throw new CommandFailure(`${where}: must begin with a day, such as 2026-03-01`, EXIT.calledWrongly);
}

/** As the ledger spells it: a bill may leave out what all of them begin with. */
function readCode(text: string): string {
  return text === '' || text === 'Success' || text.includes('.') ? text : `FailedOperation.${text}`;
}

function readCount(text: string, where: string): number {
  const read = /^(\d{1,12})(?:\.0+)?$/.exec(text.replaceAll(',', ''))?.[1];
  if (read !== undefined) return Number(read);
  throw new CommandFailure(`${where}: must be a whole number`, EXIT.calledWrongly);
}
