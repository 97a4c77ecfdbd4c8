import type { SubmissionFields } from '../shared/contract/submission.ts';
import type { Photo } from './photo.ts';

export interface SubmissionBody {
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer> | string;
}

/**
 * A photo's bytes go as a form. It is written here and not by `FormData`, which a `fetch` of another library does not
 * take for one; and so the bytes are copied once.
 *
 * @param boundary nothing that is sent may contain it: make it random
 */
export function encodeSubmission(fields: SubmissionFields, photo: Photo, boundary: string): SubmissionBody {
  if (photo.form === 'base64') {
    const body = JSON.stringify({ ...fields, imageBase64: photo.text });
    return { contentType: 'application/json', body };
  }
  if (photo.form === 'url') {
    const body = JSON.stringify({ ...fields, imageUrl: photo.url });
    return { contentType: 'application/json', body };
  }
  if (photo.form === 'upload') {
    const body = JSON.stringify({ ...fields, photoId: photo.photoId });
    return { contentType: 'application/json', body };
  }
  const texts = Object.entries(fields).filter((field) => field[1] !== undefined);
  const head = texts
    .map(([name, value]) => `${partHead(boundary, `name="${name}"`)}\r\n${value}\r\n`)
    .join('');
  const photoHead = `${partHead(boundary, 'name="image"; filename="photo"')}Content-Type: application/octet-stream\r\n\r\n`;
  const encoder = new TextEncoder();
  const parts = [
    encoder.encode(`${head}${photoHead}`),
    ...photo.chunks,
    encoder.encode(`\r\n--${boundary}--\r\n`),
  ];
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: concatenate(parts) };
}

function partHead(boundary: string, parameters: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; ${parameters}\r\n`;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
