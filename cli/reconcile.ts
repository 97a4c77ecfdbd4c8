import type { UsageReport } from '../shared/contract/usage.ts';

/** Charged calls of one day and code; an empty code where the bill has none. */
export interface BillLine {
  readonly day: string;
  readonly code: string;
  readonly count: number;
}

export interface ReconciledRow {
  readonly day: string;
  /** Empty: all of the day, where the bill has no codes. */
  readonly code: string;
  /** As the ledger has them. */
  readonly billed: number;
  readonly unbilled: number;
  readonly bill: number;
  /** `bill - billed`. */
  readonly difference: number;
  /** Of it: calls of that day whose answer was lost, and which the upstream may have charged. */
  readonly unknownFate: number;
  /** Of it: calls that the ledger counts as free of charge. */
  readonly countedFree: number;
  /** Of it: calls that this deployment did not make, or that its ledger lost. */
  readonly foreign: number;
  /** Calls that the ledger counts as billed and the bill does not have. */
  readonly notOnBill: number;
}

export interface Reconciliation {
  readonly rows: readonly ReconciledRow[];
  /** By day: calls of unknown fate that the bill does not charge. */
  readonly unknownNotCharged: number;
}

/**
 * Holds the ledger against a bill, by day and code. What the bill has beyond the ledger is first put down to calls that the
 * ledger counts as free under the same code, then to those of that day whose fate is unknown, as many as there are; the
 * rest is foreign.
 */
export function reconcile({ data }: Pick<UsageReport, 'data'>, bill: readonly BillLine[]): Reconciliation {
  const hasCodes = bill.some(({ code }) => code !== '');
  const rows = new Map<
    string,
    { day: string; code: string; billed: number; unbilled: number; bill: number }
  >();
  const unknown = new Map<string, number>();
  const rowOf = (day: string, code: string) => {
    const key = `${day} ${hasCodes ? code : ''}`;
    const row = rows.get(key) ?? { day, code: hasCodes ? code : '', billed: 0, unbilled: 0, bill: 0 };
    rows.set(key, row);
    return row;
  };
  for (const { day, code, billed, unbilled, unknown: lost } of data) {
    if (billed + unbilled > 0) {
      const row = rowOf(day, code);
      row.billed += billed;
      row.unbilled += unbilled;
    }
    unknown.set(day, (unknown.get(day) ?? 0) + lost);
  }
  for (const { day, code, count } of bill) rowOf(day, code).bill += count;
  const left = new Map(unknown);
  const explained = [...rows.values()]
    .toSorted((a, b) => (a.day + a.code < b.day + b.code ? -1 : 1))
    .filter((row) => row.billed + row.bill > 0)
    .map((row) => explain(row, left));
  return { rows: explained, unknownNotCharged: [...left.values()].reduce((sum, count) => sum + count, 0) };
}

function explain(
  row: Pick<ReconciledRow, 'day' | 'code' | 'billed' | 'unbilled' | 'bill'>,
  unknownLeft: Map<string, number>,
): ReconciledRow {
  const difference = row.bill - row.billed;
  const beyond = Math.max(0, difference);
  // Without codes, calls that are free as a rule would explain everything.
  const countedFree = row.code === '' ? 0 : Math.min(beyond, row.unbilled);
  const unknownFate = Math.min(beyond - countedFree, unknownLeft.get(row.day) ?? 0);
  unknownLeft.set(row.day, (unknownLeft.get(row.day) ?? 0) - unknownFate);
  return {
    ...row,
    difference,
    unknownFate,
    countedFree,
    foreign: beyond - countedFree - unknownFate,
    notOnBill: Math.max(0, -difference),
  };
}
