import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readImageHeader } from '../../../shared/validation/image-header.ts';
import { makeJpeg, makePng } from './synthetic-person.ts';

function makeSegment(marker: number, payload: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(payload.length + 2, 2);
  return Buffer.concat([head, payload]);
}

const exif = makeSegment(0xe1, Buffer.alloc(65_533, 0xff));
const quantization = makeSegment(0xdb, Buffer.alloc(65));
const huffman = makeSegment(0xc4, Buffer.alloc(28));
const fill = Buffer.from([0xff, 0xff, 0xff]);

describe('readImageHeader', () => {
  test('reads width and height of a PNG', () => {
    expect(readImageHeader(makePng(640, 480))).toEqual({
      status: 'read',
      header: { format: 'png', width: 640, height: 480 },
    });
  });

  test.each<[what: string, segments: readonly Buffer[], frame: number]>([
    ['baseline', [], 0xc0],
    ['extended sequential', [quantization], 0xc1],
    ['progressive', [quantization], 0xc2],
    ['lossless', [], 0xc3],
    ['arithmetic-coded', [], 0xc9],
    ['with Huffman tables before the frame', [huffman], 0xc0],
    ['with the largest segments first', [exif, exif, exif], 0xc0],
    ['with fill bytes before a marker', [fill, quantization, fill], 0xc0],
  ])('reads width and height of a JPEG that is %s', (_what, segments, frame) => {
    expect(readImageHeader(makeJpeg(640, 480, segments, frame))).toEqual({
      status: 'read',
      header: { format: 'jpeg', width: 640, height: 480 },
    });
  });

  test.each<[what: string, bytes: Buffer]>([
    ['a gap between segments', makeJpeg(3, 4, [quantization, Buffer.from([0x00])])],
    ['a segment shorter than its own length field', makeJpeg(3, 4, [Buffer.from([0xff, 0xe0, 0, 1])])],
    ['a segment that runs past the end', makeJpeg(3, 4, [Buffer.from([0xff, 0xe0, 0xff, 0xff])])],
    ['a scan before the frame', makeJpeg(3, 4, [makeSegment(0xda, Buffer.alloc(6))])],
    ['an end before the frame', makeJpeg(3, 4, [Buffer.from([0xff, 0xd9])])],
    ['a stuffed zero in place of a marker', makeJpeg(3, 4, [Buffer.from([0xff, 0x00, 0, 2])])],
  ])('finds a JPEG unreadable that has %s', (_what, bytes) => {
    expect(readImageHeader(bytes)).toEqual({ status: 'unreadable' });
  });

  test('finds a PNG unreadable that starts with another chunk', () => {
    const png = makePng(3, 4);
    png.write('CgBI', 12, 'latin1');
    expect(readImageHeader(png)).toEqual({ status: 'unreadable' });
  });

  test('finds every proper prefix of a header unreadable or unknown', () => {
    const headers = [makePng(3, 4), makeJpeg(3, 4, [quantization]).subarray(0, -2)];
    for (const header of headers) {
      for (let length = 0; length < header.length; length++) {
        expect(readImageHeader(header.subarray(0, length)).status).not.toBe('read');
      }
      expect(readImageHeader(header).status).toBe('read');
    }
  });

  test('comes to an answer on any bytes behind an image signature', () => {
    const starts = fc.constantFrom(Buffer.from([0xff, 0xd8, 0xff]), makePng(3, 4).subarray(0, 8));
    const bytes = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0xff, 0xc0, 0xe0, 0x00, 0x02));
    fc.assert(
      fc.property(starts, fc.array(bytes, { maxLength: 80 }), (start, rest) => {
        const reading = readImageHeader(Buffer.concat([start, Buffer.from(rest)]));
        if (reading.status === 'read') {
          expect(reading.header.width).toBeGreaterThan(0);
          expect(reading.header.height).toBeGreaterThan(0);
        } else {
          expect(reading.status).toBe('unreadable');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
