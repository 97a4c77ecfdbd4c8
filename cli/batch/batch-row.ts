import { z } from 'zod';
import { dropByteOrderMarks } from '../../shared/contract/byte-order-mark.ts';
import { presentIssues } from '../../shared/contract/present-issues.ts';
import { submissionForm } from '../../shared/contract/submission.ts';
import { priority } from '../../shared/contract/verification.ts';
import { listExposedFields } from '../../shared/validation/exposed-subject.ts';

const LONGEST_PHOTO_NAME = 1024;

/** One row: the fields of a submission, and the photo's file name. A batch lets interactive work go first unless it says so. */
const batchRow = submissionForm.extend({
  photo: z.string().min(1).max(LONGEST_PHOTO_NAME),
  priority: priority.default('bulk'),
});
export type BatchRow = z.infer<typeof batchRow>;

export const ROW_FIELDS: readonly string[] = Object.keys(batchRow.shape);
export const REQUIRED_FIELDS: readonly string[] = Object.entries(batchRow.shape)
  .filter(([, field]) => !field.safeParse(undefined).success)
  .map(([name]) => name);

/** Why a row cannot be submitted; constant texts, never a value of the row. */
export interface RowFault {
  readonly field: string;
  readonly code: string;
  readonly detail: string;
}

/** The fields of a row that are there and of the right kind, though others are not. */
export type ReadableRow = { readonly [Field in keyof BatchRow]?: BatchRow[Field] | undefined };

export type RowReading = {
  /** Where the row begins in its file, from 1; it stands for the row everywhere. */
  readonly line: number;
} & (
  | { readonly status: 'read'; readonly row: BatchRow }
  /** `faults` are those of its shape; what the readable fields break comes on top. */
  | {
      readonly status: 'bad';
      readonly reference: string | null;
      readonly faults: readonly RowFault[];
      readonly readable: ReadableRow;
    }
);

export function referenceOf(reading: RowReading): string | undefined {
  return reading.status === 'read' ? reading.row.reference : reading.readable.reference;
}

/** Parses a row, whichever file it comes from. */
export function parseRow(line: number, given: unknown): RowReading {
  const fields = dropByteOrderMarks(given);
  const parsed = batchRow.safeParse(fields);
  if (parsed.success) return { line, status: 'read', row: parsed.data };
  const { issues } = parsed.error;
  const faults = presentIssues(issues, fields).map(faultOf);
  const readable = pickReadable(fields, issues);
  return { line, status: 'bad', reference: presentReference(fields), faults, readable };
}

function pickReadable(fields: unknown, issues: readonly z.core.$ZodIssue[]): ReadableRow {
  const faulty = new Set(issues.map(({ path }) => path[0]));
  const given = z.record(z.string(), z.unknown()).catch({}).parse(fields);
  const sound = Object.entries(given).filter(([field]) => ROW_FIELDS.includes(field) && !faulty.has(field));
  return batchRow.partial().parse(Object.fromEntries(sound));
}

/** An entry of a problem's `errors[]`, or of the validation, as a fault of a row: here the photo's field has a name of its own. */
export function faultOf(error: {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}): RowFault {
  const field = error.pointer.slice(1);
  const { code, detail } = error;
  return { field: field === 'image' || field === 'imageBase64' ? 'photo' : field, code, detail };
}

const referenced = z.object({
  reference: submissionForm.shape.reference.unwrap(),
  // A text that stands in no reference.
  idCard: z.string().min(1).catch('\0'),
  name: z.string().catch(''),
});

/** As any ID number is written: columns may have been mixed up. */
const LIKE_ID_NUMBER = /\d{17}[\dXx]/;

/**
 * The reference of a row that is refused, for the list of such rows; null when it shows whom the row is about, which is
 * what it may be refused for.
 */
export function presentReference(fields: unknown): string | null {
  const parsed = referenced.safeParse(fields);
  if (!parsed.success) return null;
  const { reference, idCard, name } = parsed.data;
  if (LIKE_ID_NUMBER.test(reference)) return null;
  const exposed = listExposedFields({ idCard, name }, { reference });
  return exposed.length === 0 ? reference : null;
}
