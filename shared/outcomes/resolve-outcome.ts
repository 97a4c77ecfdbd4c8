import { type Billing, type OutcomeColumns, type OutcomeRow, RETRY_POLICIES } from './outcome-row.ts';
import { FALLBACKS, OUTCOMES } from './outcome-table.ts';

const ROWS = makeLookup(OUTCOMES);
const FALLBACK_ROWS = makeLookup(FALLBACKS);
const ANY_OTHER = withCode('*', FALLBACKS['*']);

/** Codes that the upstream charges for unless the deployment says otherwise. */
export const DEFAULT_BILLED_CODES: ReadonlySet<string> = new Set(
  Object.values(ROWS)
    .filter((row) => row.billed === 'billed')
    .map((row) => row.code),
);

/**
 * The row of a code; a code without one gets the row of its prefix, under its own name. Never throws.
 */
export function resolveOutcome(code: string): OutcomeRow {
  return ROWS[code] ?? { ...(FALLBACK_ROWS[prefixOf(code)] ?? ANY_OTHER), code };
}

/** Whether the table has a row of its own for the code. */
export function isKnownCode(code: string): boolean {
  return ROWS[code] !== undefined;
}

/**
 * The code as a label of a metric: one with a row of its own, or what stands for the rest (`FailedOperation.*`, `*`).
 * The upstream may invent codes, or put anything else where a code belongs; a label takes neither.
 */
export function labelOfCode(code: string): string {
  if (isKnownCode(code)) return code;
  const prefix = prefixOf(code);
  return FALLBACK_ROWS[prefix] === undefined || prefix === '*' ? '*' : `${prefix}.*`;
}

/**
 * Whether a call that ended with this row is charged for.
 *
 * `billedCodes` is the deployment's own list. It decides about answers only: of an indeterminate call it
 * cannot know more than the table.
 */
export function resolveBilling(
  row: OutcomeRow,
  billedCodes: ReadonlySet<string> = DEFAULT_BILLED_CODES,
): Billing {
  if (billedCodes.has(row.code)) return 'billed';
  return row.billed === 'unknown' ? 'unknown' : 'unbilled';
}

/** One row as clients see it. Column names are part of the HTTP interface. */
export interface PublicOutcomeRow {
  readonly code: string;
  readonly kind: OutcomeRow['kind'];
  readonly verdict: OutcomeRow['verdict'];
  readonly action: OutcomeRow['action'];
  readonly billed: Billing;
  readonly retry: OutcomeRow['retry'];
  readonly source: OutcomeRow['source'];
  readonly description: string;
}

/** All rows in the order of the table, for `GET /v1/outcomes`. */
export function publicOutcomeTable(billedCodes?: ReadonlySet<string>): readonly PublicOutcomeRow[] {
  return Object.values(ROWS).map((row) => toPublic(row, billedCodes));
}

/** The rows for codes without one, `code` being `<prefix>.*`, or `*` for anything else. */
export function publicFallbackTable(): readonly PublicOutcomeRow[] {
  return Object.values(FALLBACK_ROWS).map((row) => ({
    ...toPublic(row),
    billed: row.billed,
    code: fallbackCode(row.code),
  }));
}

/** What stands for all codes with this prefix. */
export const fallbackCode = (prefix: string): string => (prefix === '*' ? '*' : `${prefix}.*`);

function toPublic(row: OutcomeRow, billedCodes?: ReadonlySet<string>): PublicOutcomeRow {
  return {
    code: row.code,
    kind: row.kind,
    verdict: row.verdict,
    action: row.action,
    billed: resolveBilling(row, billedCodes),
    retry: row.retry,
    source: row.source,
    description: row.description,
  };
}

function prefixOf(code: string): string {
  const dot = code.indexOf('.');
  return dot === -1 ? code : code.slice(0, dot);
}

/** A null prototype, so that a code named like an inherited property finds nothing. */
function makeLookup(table: Readonly<Record<string, OutcomeColumns>>): Record<string, OutcomeRow> {
  const lookup: Record<string, OutcomeRow> = Object.create(null);
  for (const [code, columns] of Object.entries(table)) lookup[code] = withCode(code, columns);
  return lookup;
}

function withCode(code: string, columns: OutcomeColumns): OutcomeRow {
  return { code, ...columns, retry: RETRY_POLICIES[columns.kind] };
}
