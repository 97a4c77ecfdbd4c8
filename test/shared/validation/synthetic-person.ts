/**
 * ID numbers of no real person: region 999999 has never been assigned.
 *
 * The check digit is found by the recursive definition of ISO 7064 (pure system, modulus 11, radix 2), not by the
 * weighted sum under test.
 *
 * @param birthDate yyyymmdd @param sequence three digits
 */
export function makeIdCard(birthDate: string, sequence = '000'): string {
  const body = `999999${birthDate}${sequence}`;
  const remainder = [...body].reduce((sum, digit) => ((sum + Number(digit)) * 2) % 11, 0);
  const check = (12 - remainder) % 11;
  return `${body}${check === 10 ? 'X' : check}`;
}

/** The smallest thing with a PNG header: signature, IHDR and its checksum's place. */
export function makePng(width: number, height: number, bytes = 33): Buffer {
  const png = Buffer.alloc(Math.max(33, bytes));
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(png);
  png.writeUInt32BE(13, 8);
  png.write('IHDR', 12, 'latin1');
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  return png;
}

/** SOI, the segments given, a frame header of one component, EOI. */
export function makeJpeg(
  width: number,
  height: number,
  segments: readonly Buffer[] = [],
  frame = 0xc0,
): Buffer {
  const header = Buffer.from([0xff, frame, 0, 11, 8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  header.writeUInt16BE(height, 5);
  header.writeUInt16BE(width, 7);
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...segments, header, Buffer.from([0xff, 0xd9])]);
}
