import { randomBytes } from 'node:crypto';
import { PNG } from 'pngjs';

/** A resident ID number of no real person: region 110105, given birth date and serial, right check digit (ISO 7064 MOD 11-2). */
export function makeIdCard(serial = 1, birthDate = '19491231'): string {
  const digits = `110105${birthDate}${String(serial % 1000).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  return `${digits}${'10X98765432'.charAt(sum % 11)}`;
}

export const testName = '测试甲';

/** A PNG of one color: no face. */
export function makePng(side = 8): Buffer {
  return PNG.sync.write(new PNG({ width: side, height: side, fill: true }));
}

/** A file of exactly this length that begins as a JPEG does: start, one frame header, noise. */
export function makeJpegOf(bytes: number): Buffer {
  const head = Buffer.from('ffd8ffc0001108006400640301220002110103110100', 'hex');
  return Buffer.concat([head, randomBytes(bytes - head.length)]);
}

export interface SubmissionBody {
  idCard: string;
  name: string;
  imageBase64: string;
  extra?: string;
  reference?: string;
  callbackUrl?: string;
  priority?: string;
}

export function makeSubmission(overrides: Partial<SubmissionBody> = {}): SubmissionBody {
  return {
    idCard: makeIdCard(),
    name: testName,
    imageBase64: makePng().toString('base64'),
    ...overrides,
  };
}

export function makeForm(
  fields: Readonly<Record<string, string>> = {},
  files: readonly (readonly [name: string, bytes: Buffer])[] = [['image', makePng()]],
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries({ idCard: makeIdCard(), name: testName, ...fields })) {
    form.append(name, value);
  }
  for (const [name, bytes] of files) form.append(name, new Blob([new Uint8Array(bytes)]), 'photo.png');
  return form;
}
