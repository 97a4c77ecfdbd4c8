import { CsvError, parse } from 'csv-parse/sync';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
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
 * The charged calls of a bill. Without a column of codes the days are compared as a whole; without one of counts each line is a
 * call.
 *
 * @throws {CommandFailure} naming the line and column that cannot be read, never its text
 */
export function readBill(file: string, text: string, names: ColumnNames): readonly BillLine[] {
  const rows = parseRows(file, text);
  const headings = Object.keys(rows[0] ?? {});
  const find = (what: keyof typeof COLUMNS): string | undefined => {
    const wanted = names[what] === undefined ? COLUMNS[what] : [names[what]];
    return headings.find((heading) => wanted.some((name) => name.toLowerCase() === heading.toLowerCase()));
  };
  const [day, code, count] = [find('day'), find('code'), find('count')];
  for (const what of ['day', 'code', 'count'] as const) {
    if (names[what] === undefined || find(what) !== undefined) continue;
    throw new CommandFailure(`${file} has no column ${names[what]}`, EXIT.calledWrongly);
  }
  if (day === undefined) {
    throw new CommandFailure(
      `${file} must have a column of days: name it with --day-column`,
      EXIT.calledWrongly,
    );
  }
  return rows.map((row, i) => ({
    day: readDay(row[day] ?? '', `${file}, line ${i + 2}, ${day}`),
    code: code === undefined ? '' : readCode(row[code] ?? ''),
    count: count === undefined ? 1 : readCount(row[count] ?? '', `${file}, line ${i + 2}, ${count}`),
  }));
}

function parseRows(file: string, text: string): Readonly<Record<string, string>>[] {
  try {
    const options = { bom: true, columns: true, trim: true, skip_empty_lines: true } as const;
    return parse(text, options) as Record<string, string>[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CommandFailure(`${file} is no CSV file: ${error.code}`, EXIT.calledWrongly);
  }
}

/** A bill counts days in +08:00, as the ledger does: what stands behind the day is not looked at. */
function readDay(text: string, where: string): string {
  const [, year = '', month = '', day = ''] = /^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:\D|$)/.exec(text) ?? [];
  const read = `${year}-${month}-${day}`;
  if (year !== '' && !Number.isNaN(Date.parse(read))) return read;
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
