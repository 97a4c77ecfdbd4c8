import { crc32, deflateSync } from 'node:zlib';

const WIDTH = 240;
const HEIGHT = 320;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const GREYSCALE_8 = [8, 0, 0, 0, 0];

/** A PNG of a grey gradient (PNG specification, sections 5 and 11): a photo by its form, and no picture of a person. */
export function makeTestPhoto(): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set(GREYSCALE_8, 8);
  // Each line begins with its filter, 0 for none.
  const lines = Array.from({ length: HEIGHT }, (_, y) => Buffer.concat([Buffer.alloc(1), grey(y)]));
  const pixels = deflateSync(Buffer.concat(lines));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const grey = (y: number) => Buffer.alloc(WIDTH, Math.floor((y * 255) / HEIGHT));

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, check]);
}
