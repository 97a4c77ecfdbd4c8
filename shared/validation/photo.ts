import { MAX_PHOTO_BASE64_LENGTH } from '../contract/photo-limits.ts';
import { computeBase64Length, decodeBase64 } from './base64.ts';
import { readImageHeader } from './image-header.ts';
import { type FieldCheck, failed, passed } from './validation-failure.ts';

/**
 * Checks a photo given as standard Base64 and decodes it.
 *
 * The size is checked first, so that what is decoded is bounded. No rule about the picture itself is invented:
 * what resolution the upstream takes, it says itself.
 */
export function checkPhotoBase64(text: string): FieldCheck<Buffer> {
  if (text.length > MAX_PHOTO_BASE64_LENGTH) {
    return /^data:/i.test(text) ? failed('photo_data_uri', 'photo_too_large') : failed('photo_too_large');
  }
  const decoded = decodeBase64(text);
  return decoded.ok ? checkPhotoBytes(decoded.value) : decoded;
}

/** Checks a photo given as raw bytes (multipart), by the size its Base64 will have. The bytes are not copied. */
export function checkPhotoBytes(bytes: Buffer): FieldCheck<Buffer> {
  if (bytes.length === 0) return failed('photo_empty');
  if (computeBase64Length(bytes.length) > MAX_PHOTO_BASE64_LENGTH) return failed('photo_too_large');
  const reading = readImageHeader(bytes);
  if (reading.status === 'unknown_format') return failed('photo_format');
  if (reading.status === 'unreadable') return failed('photo_header');
  return passed(bytes);
}
