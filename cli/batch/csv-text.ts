import { stringify } from 'csv-stringify/sync';

/**
 * One row of CSV. What a spreadsheet would run as a formula is quoted with an apostrophe: a reference comes from
 * an order form that one stranger fills in, and ends on the desktop of another.
 */
export function formatCsvRow(fields: readonly (string | number | null)[]): string {
  return stringify([[...fields]], { escape_formulas: true });
}
