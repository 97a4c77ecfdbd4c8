import { type PublicOutcomeRow, publicFallbackTable, publicOutcomeTable } from './resolve-outcome.ts';

const COLUMNS = ['code', 'kind', 'verdict', 'action', 'billed', 'retry', 'description'] as const;

const SECTIONS = [
  { source: 'api', title: 'Codes of ImageRecognitionV2' },
  { source: 'common', title: 'Common codes of the upstream' },
  { source: 'sister_api', title: 'Codes of sister APIs of the service' },
  { source: 'veriqueue', title: 'Codes of Veriqueue' },
] as const satisfies readonly { source: PublicOutcomeRow['source']; title: string }[];

/** The outcome table as Markdown: one section per source, then the rules for codes without a row. */
export function renderOutcomeTable(billedCodes?: ReadonlySet<string>): string {
  const rows = publicOutcomeTable(billedCodes);
  const sections = SECTIONS.map(({ source, title }) =>
    renderSection(
      title,
      rows.filter((row) => row.source === source),
    ),
  );
  return `${[...sections, renderSection('Any other code, by its prefix', publicFallbackTable())].join('\n\n')}\n`;
}

function renderSection(title: string, rows: readonly PublicOutcomeRow[]): string {
  const header = `| ${COLUMNS.join(' | ')} |`;
  const rule = `| ${COLUMNS.map(() => '---').join(' | ')} |`;
  const lines = rows.map((row) => `| ${COLUMNS.map((column) => renderCell(column, row)).join(' | ')} |`);
  return [`## ${title}`, '', header, rule, ...lines].join('\n');
}

function renderCell(column: (typeof COLUMNS)[number], row: PublicOutcomeRow): string {
  return column === 'code' ? `\`${row.code}\`` : row[column].replaceAll('|', '\\|');
}
