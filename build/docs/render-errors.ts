import { problemTable } from '../../shared/contract/problem.ts';
import { problemHelp } from '../../shared/contract/problem-help.ts';
import { problemHelpZh } from '../../shared/contract/problem-help-zh.ts';
import { VALIDATION_FAILURES } from '../../shared/validation/validation-failure.ts';
import { VALIDATION_FAILURES_ZH } from '../../shared/validation/validation-failures-zh.ts';

interface Entry {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
  readonly action: string;
}

/** What the page says in one language besides the entries. */
interface Wording {
  readonly columns: string;
  readonly statusHeading: (status: number) => string;
  readonly entry: (entry: Entry) => string;
  readonly fieldCodes: string;
}

const ENGLISH: Wording = {
  columns: '| status | code | title |',
  statusHeading: (status) => `Status ${status}`,
  entry: ({ title, meaning, action }) => `**${title}.** ${meaning}\n\n**Do:** ${action}`,
  fieldCodes: `## Codes of bad fields

They stand in \`errors[].code\` of an [\`invalid_submission\`](#invalid_submission), beside a JSON pointer to the field.
Other fields have the codes of their shape, such as \`invalid_type\`.

| code | the field |`,
};

const CHINESE: Wording = {
  columns: '| 状态码 | 代码 | 标题 |',
  statusHeading: (status) => `状态码 ${status}`,
  entry: ({ title, meaning, action }) => `**${title}。**${meaning}\n\n**怎么做：**${action}`,
  fieldCodes: `## 字段错误的代码

它们出现在 [\`invalid_submission\`](#invalid_submission) 的 \`errors[].code\` 中，旁边是指向该字段的 JSON 指针。
其他字段使用其形状的代码，例如 \`invalid_type\`。

| 代码 | 该字段 |`,
};

/** The part of docs/errors.md that follows from the code. */
export function renderErrors(): string {
  const entries = Object.entries(problemHelp).map(([code, help]) => ({ code, ...rowOf(code), ...help }));
  return renderPage(ENGLISH, entries, VALIDATION_FAILURES);
}

/** That of docs/errors.zh.md. */
export function renderErrorsZh(): string {
  const anchor = '#codes-of-bad-fields';
  const entries = Object.entries(problemHelpZh).map(([code, help]) => ({
    code,
    status: rowOf(code).status,
    ...help,
    meaning: help.meaning.replace(anchor, '#字段错误的代码'),
  }));
  return renderPage(CHINESE, entries, VALIDATION_FAILURES_ZH);
}

function rowOf(code: string): { readonly status: number; readonly title: string } {
  const row = Object.entries(problemTable).find(([known]) => known === code)?.[1];
  if (row === undefined) throw new Error(`${code} must stand in the table of problems`);
  return row;
}

function renderPage(
  wording: Wording,
  entries: readonly Entry[],
  failures: Readonly<Record<string, string>>,
): string {
  const statuses = [...new Set(Object.values(problemTable).map(({ status }) => status))];
  const sections = statuses.map((status) => {
    const own = entries.filter((entry) => entry.status === status);
    const parts = own.map((entry) => `### ${entry.code}\n\n${wording.entry(entry)}`);
    return `## ${wording.statusHeading(status)}\n\n${parts.join('\n\n')}`;
  });
  const fields = Object.entries(failures).map(([code, rule]) => `| \`${code}\` | ${rule} |`);
  const fieldCodes = `${wording.fieldCodes}\n| --- | --- |\n${fields.join('\n')}`;
  return `${[renderIndex(wording, entries), ...sections, fieldCodes].join('\n\n')}\n`;
}

function renderIndex({ columns }: Wording, entries: readonly Entry[]): string {
  const rows = entries
    .toSorted((a, b) => a.status - b.status)
    .map(({ code, status, title }) => `| ${status} | [\`${code}\`](#${code}) | ${title} |`);
  return `${columns}\n| --- | --- | --- |\n${rows.join('\n')}`;
}
