import { randomBytes } from 'node:crypto';
import { loadTestIdNumber } from '../sandbox/id-number.ts';

/** A made-up person whose number passes every check. Each is asked about once, as the limit per person demands. */
export const makePerson = (serial: number): { readonly idCard: string; readonly name: string } => ({
  idCard: loadTestIdNumber(serial),
  name: '测试甲',
});

/** Start of image and one frame header: what validation reads. The rest is noise. */
const JPEG_HEAD = Buffer.from('ffd8ffc0001108006400640301220002110103110100', 'hex');

export function makeJpeg(bytes: number): Buffer {
  return Buffer.concat([JPEG_HEAD, randomBytes(bytes - JPEG_HEAD.length)]);
}
