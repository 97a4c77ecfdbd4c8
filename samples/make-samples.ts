/**
 * Draws the pictures of this folder: `node --import tsx samples/make-samples.ts`
 *
 * A robot of circles and rectangles stands in for a person, so that no photo of anybody is needed to try the whole
 * chain. Noise makes the files as large as camera photos are. Everything follows from the table below and a fixed
 * seed; the JPEG files come out the same byte for byte, the PNG files pixel for pixel (deflate differs between
 * versions of zlib).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';

interface Sample {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** Largest deviation of a channel, 0 to 255. */
  readonly noise: number;
  /** JPEG quality; ignored for PNG. */
  readonly quality: number;
  /** JPEG files are filled up to this size with comment segments; null leaves them as they are. */
  readonly bytes: number | null;
}

type Color = readonly [red: number, green: number, blue: number];

/** 3 bytes under the largest photo: as Base64 4 characters under the limit of 3 MiB. */
const JUST_UNDER_LIMIT_BYTES = (3 * 1024 * 1024 * 3) / 4 - 3;

const SAMPLES: readonly Sample[] = [
  { file: 'robot-240x320.jpg', width: 240, height: 320, noise: 9, quality: 85, bytes: null },
  { file: 'robot-480x640.jpg', width: 480, height: 640, noise: 14, quality: 85, bytes: null },
  { file: 'robot-720x960.jpg', width: 720, height: 960, noise: 19, quality: 85, bytes: null },
  {
    file: 'robot-1200x1600-limit.jpg',
    width: 1200,
    height: 1600,
    noise: 43,
    quality: 91,
    bytes: JUST_UNDER_LIMIT_BYTES,
  },
  { file: 'robot-240x320.png', width: 240, height: 320, noise: 3, quality: 0, bytes: null },
  { file: 'robot-480x640.png', width: 480, height: 640, noise: 6, quality: 0, bytes: null },
];

const BACKGROUND: Color = [196, 214, 224];
const METAL: Color = [88, 132, 168];
const EDGE: Color = [40, 62, 84];
const EYE: Color = [250, 222, 90];
const PUPIL: Color = [30, 34, 40];
const MOUTH: Color = [214, 84, 70];

for (const sample of SAMPLES) {
  const pixels = drawRobot(sample);
  const bytes = sample.file.endsWith('.png') ? encodePng(sample, pixels) : encodeJpeg(sample, pixels);
  writeFileSync(join(import.meta.dirname, sample.file), bytes);
  process.stdout.write(`${sample.file} ${bytes.length} bytes\n`);
}

/** RGBA, row by row. */
function drawRobot({ width, height, noise }: Sample): Buffer {
  const pixels = Buffer.alloc(width * height * 4, 255);
  const random = makeRandom(20_260_101);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const color = getColorAt(x / width, y / height);
      color.forEach((channel, i) => {
        const noisy = channel + (random() * 2 - 1) * noise;
        pixels[(y * width + x) * 4 + i] = Math.max(0, Math.min(255, Math.round(noisy)));
      });
    }
  }
  return pixels;
}

/** @param u from left, 0 to 1 @param v from top, 0 to 1; the picture is 3 wide and 4 high */
function getColorAt(u: number, v: number): Color {
  const eyeDistance = Math.min(getDistance(u, v, 0.36, 0.42), getDistance(u, v, 0.64, 0.42));
  if (eyeDistance < 0.035) return PUPIL;
  if (eyeDistance < 0.085) return EYE;
  if (eyeDistance < 0.1) return EDGE;
  if (isWithin(u, v, 0.34, 0.66, 0.62, 0.68)) return Math.floor(u * 50) % 4 === 0 ? EDGE : MOUTH;
  if (isWithin(u, v, 0.2, 0.8, 0.26, 0.76)) return METAL;
  if (isWithin(u, v, 0.18, 0.82, 0.245, 0.775)) return EDGE;
  if (getDistance(u, v, 0.5, 0.12) < 0.05) return MOUTH;
  if (isWithin(u, v, 0.485, 0.515, 0.12, 0.26)) return EDGE;
  if (isWithin(u, v, 0.1, 0.9, 0.84, 1)) return METAL;
  if (isWithin(u, v, 0.42, 0.58, 0.77, 0.84)) return EDGE;
  return BACKGROUND;
}

function getDistance(u: number, v: number, centerU: number, centerV: number): number {
  return Math.hypot(u - centerU, ((v - centerV) * 4) / 3);
}

function isWithin(u: number, v: number, left: number, right: number, top: number, bottom: number): boolean {
  return u >= left && u < right && v >= top && v < bottom;
}

function encodePng({ width, height }: Sample, pixels: Buffer): Buffer {
  const png = new PNG({ width, height });
  pixels.copy(png.data);
  return PNG.sync.write(png, { colorType: 2 });
}

function encodeJpeg({ file, width, height, quality, bytes }: Sample, pixels: Buffer): Buffer {
  const encoded = jpeg.encode({ width, height, data: pixels }, quality).data;
  if (bytes === null) return encoded;
  if (bytes < encoded.length + 4) {
    throw new RangeError(
      `Cannot fill up ${file}: it must be below ${bytes - 3} bytes, received ${encoded.length}`,
    );
  }
  // JFIF wants its APP0 segment directly after the start of the image: comments follow it.
  const afterApp0 = 2 + 2 + encoded.readUInt16BE(4);
  return Buffer.concat([
    encoded.subarray(0, afterApp0),
    ...makeComments(bytes - encoded.length),
    encoded.subarray(afterApp0),
  ]);
}

/** COM segments (ITU T.81, B.2.4.5) of this many bytes together, each of 4 to 65,537. */
function makeComments(total: number): readonly Buffer[] {
  const size = total <= 65_537 ? total : Math.min(65_537, total - 4);
  const comment = Buffer.alloc(size, ' filling ');
  comment.writeUInt16BE(0xfffe, 0);
  comment.writeUInt16BE(size - 2, 2);
  return size === total ? [comment] : [comment, ...makeComments(total - size)];
}

/** Mulberry32: small, seeded, good enough for noise. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
