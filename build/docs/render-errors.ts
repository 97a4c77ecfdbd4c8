import { problemTable } from '../../shared/contract/problem.ts';
import { problemHelp } from '../../shared/contract/problem-help.ts';
import { VALIDATION_FAILURES } from '../../shared/validation/validation-failure.ts';

/** The part of docs/errors.md that follows from the code. */
export function renderErrors(): string {
  const statuses = [...new Set(Object.values(problemTable).map(({ status }) => status))];
  const sections = statuses.map(renderStatus);
  return `${[renderIndex(), ...sections, renderFieldCodes()].join('\n\n')}\n`;
}

const entries = Object.entries(problemHelp).map(([code, help]) => {
  const row = Object.entries(problemTable).find(([known]) => known === code)?.[1];
  if (row === undefined) throw new Error(`${code} must stand in the table of problems`);
  return { code, ...row, ...help };
});

function renderIndex(): string {
  const rows = entries
    .toSorted((a, b) => a.status - b.status)
    .map(({ code, status, title }) => `| ${status} | [\`${code}\`](#${code}) | ${title} |`);
  return `| status | code | title |\n| --- | --- | --- |\n${rows.join('\n')}`;
}

function renderStatus(status: number): string {
  const own = entries.filter((entry) => entry.status === status);
  const parts = own.map(
    ({ code, title, meaning, action }) => `### ${code}\n\n**${title}.** ${meaning}\n\n**Do:** ${action}`,
  );
  return `## Status ${status}\n\n${parts.join('\n\n')}`;
}

function renderFieldCodes(): string {
  const rows = Object.entries(VALIDATION_FAILURES).map(([code, rule]) => `| \`${code}\` | ${rule} |`);
  return `## Codes of bad fields\n\nThey stand in \`errors[].code\` of an [\`invalid_submission\`](#invalid_submission), beside a JSON pointer to the field.\nOther fields have the codes of their shape, such as \`invalid_type\`.\n\n| code | the field |\n| --- | --- |\n${rows.join('\n')}`;
}
