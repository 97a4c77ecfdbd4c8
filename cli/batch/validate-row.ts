import { listExposedFields } from '../../shared/validation/exposed-subject.ts';
import { listValidationErrors } from '../../shared/validation/submission.ts';
import { parseCallbackUrl } from '../../shared/webhook/callback-url.ts';
import type { BadRows } from './bad-rows.ts';
import { faultOf, type RowFault, type RowReading } from './batch-row.ts';
import { readPhotoFile } from './photo-file.ts';
import type { References } from './references.ts';

export interface RowRules {
  readonly references: References;
  readonly photoFolder: string;
  readonly allowCheckDigitFailure: boolean;
  /** ms epoch */
  readonly now: () => number;
}

/**
 * Everything that is wrong with a row, as the server would list it: its shape, and what the fields break that can be read. What
 * only the server knows (the origins a client may name as callbacks) is left to it.
 */
export async function listRowFaults(
  { references, photoFolder, allowCheckDigitFailure, now }: RowRules,
  reading: RowReading,
): Promise<readonly RowFault[]> {
  const { shape, fields } =
    reading.status === 'read'
      ? { shape: [], fields: reading.row }
      : { shape: reading.faults, fields: reading.readable };
  const { photo: file, ...texts } = fields;
  const photo = file === undefined ? null : await readPhotoFile(photoFolder, file);
  const given = photo?.status === 'read' ? { photo: { form: 'bytes', bytes: photo.bytes } as const } : {};
  const errors = [
    ...listValidationErrors({ ...texts, ...given }, { now: now(), allowCheckDigitFailure }),
    ...listExposedFields(texts, texts),
  ];
  const duplicate = references.findDuplicate(reading);
  return [
    ...shape,
    ...errors.map(faultOf),
    ...(photo?.status === 'bad' ? [photo.fault] : []),
    ...listCallbackFaults(texts.callbackUrl),
    ...(duplicate === null ? [] : [duplicate]),
  ];
}

/** Validates every row and sends nothing, until `stopped`. */
export async function checkRows(
  deps: RowRules & {
    readonly badRows: BadRows;
    readonly stopped: AbortSignal;
    readonly onRow: () => void;
  },
  rows: AsyncIterable<RowReading>,
): Promise<void> {
  for await (const reading of rows) {
    if (deps.stopped.aborted) break;
    const faults = await listRowFaults(deps, reading);
    if (faults.length > 0) await deps.badRows.add(reading, faults);
    deps.onRow();
  }
}

function listCallbackFaults(callbackUrl: string | undefined): readonly RowFault[] {
  if (callbackUrl === undefined) return [];
  const parsed = parseCallbackUrl(callbackUrl, { allowInsecure: true });
  const detail = 'must be an absolute https URL without credentials and fragment';
  return parsed.ok ? [] : [{ field: 'callbackUrl', code: `callback_${parsed.problem}`, detail }];
}
