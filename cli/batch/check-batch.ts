import { listExposedFields } from '../../shared/validation/exposed-subject.ts';
import { validateSubmission } from '../../shared/validation/submission.ts';
import { parseCallbackUrl } from '../../shared/webhook/callback-url.ts';
import type { BadRows } from './bad-rows.ts';
import { type BatchRow, faultOf, presentReference, type RowFault, type RowReading } from './batch-row.ts';
import { createPhotoBuffers, type PhotoBuffers } from './photo-buffers.ts';
import { readPhotoFile } from './photo-file.ts';
import type { References } from './references.ts';

export interface CheckDeps {
  readonly badRows: BadRows;
  readonly references: References;
  readonly photoFolder: string;
  readonly allowCheckDigitFailure: boolean;
  readonly stopped: AbortSignal;
  readonly now: () => number;
  readonly onRow: () => void;
}

/**
 * Judges every row as the server would, and sends nothing. What only the server knows (the origins a client may name as
 * callbacks) is left to it.
 *
 * @returns how many rows were judged
 */
export async function checkRows(deps: CheckDeps, rows: AsyncIterable<RowReading>): Promise<number> {
  const buffers = createPhotoBuffers();
  let checked = 0;
  for await (const reading of rows) {
    if (deps.stopped.aborted) break;
    const { line } = reading;
    const faults =
      reading.status === 'bad' ? reading.faults : await judgeRow(deps, buffers, line, reading.row);
    const reference = reading.status === 'bad' ? reading.reference : presentReference(reading.row);
    if (faults.length > 0) await deps.badRows.add(line, reference, faults);
    checked += 1;
    deps.onRow();
  }
  return checked;
}

async function judgeRow(
  deps: CheckDeps,
  buffers: PhotoBuffers,
  line: number,
  row: BatchRow,
): Promise<readonly RowFault[]> {
  const { references, photoFolder, allowCheckDigitFailure, now } = deps;
  const duplicate = references.judge(line, row.reference);
  const photo = await readPhotoFile(photoFolder, row.photo, buffers);
  const bytes = photo.status === 'read' ? photo.bytes : Buffer.alloc(0);
  const checked = validateSubmission(
    { ...row, photo: { form: 'bytes', bytes } },
    { now: now(), allowCheckDigitFailure },
  );
  if (photo.status === 'read') photo.release();
  const errors = [...(checked.ok ? [] : checked.errors), ...listExposedFields(row, row)];
  const faults = errors.map(faultOf);
  return [
    // Of a photo that cannot be read, the rules about its bytes say nothing.
    ...(photo.status === 'read' ? faults : [...faults.filter(({ field }) => field !== 'photo'), photo.fault]),
    ...judgeCallback(row.callbackUrl),
    ...(duplicate === null ? [] : [duplicate]),
  ];
}

function judgeCallback(callbackUrl: string | undefined): readonly RowFault[] {
  if (callbackUrl === undefined) return [];
  const parsed = parseCallbackUrl(callbackUrl, { allowInsecure: true });
  const detail = 'must be an absolute https URL without credentials and fragment';
  return parsed.ok ? [] : [{ field: 'callbackUrl', code: `callback_${parsed.problem}`, detail }];
}
