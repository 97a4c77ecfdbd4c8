import { FALLBACK_DESCRIPTIONS_ZH, OUTCOME_DESCRIPTIONS_ZH } from './outcome-descriptions-zh.ts';
import {
  fallbackCode,
  type PublicOutcomeRow,
  publicFallbackTable,
  publicOutcomeTable,
} from './resolve-outcome.ts';

const COLUMNS = ['code', 'kind', 'verdict', 'action', 'billed', 'retry', 'description'] as const;

/** The texts of the page in one language; the codes and values are the same in all. */
interface Wording {
  readonly titles: Readonly<Record<PublicOutcomeRow['source'] | 'fallback', string>>;
  readonly columns: readonly string[];
  readonly describe: (row: PublicOutcomeRow) => string;
}

const ENGLISH: Wording = {
  titles: {
    api: 'Codes of ImageRecognitionV2',
    common: 'Common codes of the upstream',
    sister_api: 'Codes of sister APIs of the service',
    veriqueue: 'Codes of Veriqueue',
    fallback: 'Any other code, by its prefix',
  },
  columns: COLUMNS,
  describe: ({ description }) => description,
};

const DESCRIPTIONS_ZH = new Map<string, string>([
  ...Object.entries(OUTCOME_DESCRIPTIONS_ZH),
  ...Object.entries(FALLBACK_DESCRIPTIONS_ZH).map(([prefix, text]) => [fallbackCode(prefix), text] as const),
]);

const CHINESE: Wording = {
  titles: {
    api: 'ImageRecognitionV2 的代码',
    common: '上游的公共代码',
    sister_api: '该服务其他接口的代码',
    veriqueue: 'Veriqueue 的代码',
    fallback: '其他代码，按前缀',
  },
  columns: ['代码', 'kind', 'verdict', 'action', 'billed', 'retry', '说明'],
  describe: ({ code }) => DESCRIPTIONS_ZH.get(code) ?? code,
};

const WORDINGS = { en: ENGLISH, zh: CHINESE } as const;
const SOURCES = ['api', 'common', 'sister_api', 'veriqueue'] as const;

/** The outcome table as Markdown: one section per source, then the rules for codes without a row. */
export function renderOutcomeTable(language: keyof typeof WORDINGS = 'en'): string {
  const wording = WORDINGS[language];
  const rows = publicOutcomeTable();
  const sections = SOURCES.map((source) =>
    renderSection(
      wording,
      wording.titles[source],
      rows.filter((row) => row.source === source),
    ),
  );
  const fallback = renderSection(wording, wording.titles.fallback, publicFallbackTable());
  return `${[...sections, fallback].join('\n\n')}\n`;
}

function renderSection(wording: Wording, title: string, rows: readonly PublicOutcomeRow[]): string {
  const header = `| ${wording.columns.join(' | ')} |`;
  const rule = `| ${COLUMNS.map(() => '---').join(' | ')} |`;
  const lines = rows.map(
    (row) => `| ${COLUMNS.map((column) => renderCell(column, row, wording)).join(' | ')} |`,
  );
  return [`## ${title}`, '', header, rule, ...lines].join('\n');
}

function renderCell(column: (typeof COLUMNS)[number], row: PublicOutcomeRow, { describe }: Wording): string {
  if (column === 'code') return `\`${row.code}\``;
  return (column === 'description' ? describe(row) : row[column]).replaceAll('|', '\\|');
}
