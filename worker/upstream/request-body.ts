import type { FieldEncryptor } from './field-encryption.ts';

/** What is asked about one person. `photo` holds the JPEG or PNG bytes. */
export interface Subject {
  readonly idCard: string;
  readonly name: string;
  readonly photo: Buffer;
  /** 1 to 10 characters that come back in the answer. */
  readonly extra?: string;
}

/**
 * The request's JSON, cut where the photo ends.
 *
 * `head` and `tail` are views of `whole`. The tail is what is held back until a slot opens: with it stay the name and
 * the ID number, so an upload that is given up has not named anyone. It fits one packet.
 */
export interface RequestBody {
  readonly whole: Buffer;
  readonly head: Buffer;
  readonly tail: Buffer;
}

const OPENING = '{"ImageBase64":"';
/** A multiple of 3, so that every slice but the last encodes without padding. */
const SLICE_BYTES = 3 * 16_384;

/**
 * Builds the body with one allocation of its size: the photo is encoded in slices into its place. One Base64 string of
 * the whole photo costs three times as long and another 4 MB.
 */
export function buildRequestBody(
  { idCard, name, photo, extra }: Subject,
  encrypt?: FieldEncryptor,
): RequestBody {
  const plain = { IdCard: idCard, Name: name };
  const fields = { ...(encrypt?.(plain) ?? plain), ...(extra === undefined ? {} : { Extra: extra }) };
  const closing = `",${JSON.stringify(fields).slice(1)}`;
  const headBytes = OPENING.length + Math.ceil(photo.length / 3) * 4;
  const whole = Buffer.allocUnsafe(headBytes + Buffer.byteLength(closing));
  whole.write(OPENING, 'latin1');
  for (let read = 0, written = OPENING.length; read < photo.length; read += SLICE_BYTES) {
    written += whole.write(photo.toString('base64', read, read + SLICE_BYTES), written, 'latin1');
  }
  whole.write(closing, headBytes, 'utf8');
  return { whole, head: whole.subarray(0, headBytes), tail: whole.subarray(headBytes) };
}
