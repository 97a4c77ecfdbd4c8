import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { MAX_PHOTO_BASE64_LENGTH } from '../../../shared/contract/photo-limits.ts';
import { readImageHeader } from '../../../shared/validation/image-header.ts';
import { checkPhotoBase64, checkPhotoBytes } from '../../../shared/validation/photo.ts';

const folder = join(import.meta.dirname, '../../../samples');
const files = readdirSync(folder).filter((file) => /\.(jpg|png)$/.test(file));

/** Full decoders as the judges of what the header reader says. */
function decode(file: string, bytes: Buffer): { readonly width: number; readonly height: number } {
  return file.endsWith('.png') ? PNG.sync.read(bytes) : jpeg.decode(bytes, { maxMemoryUsageInMB: 1024 });
}

describe('the sample photos', () => {
  test('come as JPEG and as PNG', () => {
    expect(new Set(files.map((file) => file.slice(-3)))).toEqual(new Set(['jpg', 'png']));
  });

  test.each(files)('%s is a valid photo, as Base64 and as raw bytes', (file) => {
    const bytes = readFileSync(join(folder, file));
    expect(checkPhotoBytes(bytes).ok).toBe(true);
    const check = checkPhotoBase64(bytes.toString('base64'));
    expect(check.ok && check.value.equals(bytes)).toBe(true);
  });

  test.each(files)('%s has the dimensions in its header that a decoder finds', (file) => {
    const bytes = readFileSync(join(folder, file));
    const { width, height } = decode(file, bytes);
    expect(readImageHeader(bytes)).toMatchObject({ status: 'read', header: { width, height } });
  });

  test('include one whose Base64 is within 16 characters of the limit', () => {
    const lengths = files.map((file) => readFileSync(join(folder, file)).toString('base64').length);
    const largest = Math.max(...lengths);
    expect(largest).toBeLessThanOrEqual(MAX_PHOTO_BASE64_LENGTH);
    expect(largest).toBeGreaterThan(MAX_PHOTO_BASE64_LENGTH - 16);
  });
});
