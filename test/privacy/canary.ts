import { randomBytes } from 'node:crypto';
import { syntheticIdNumber } from '../../sandbox/id-number.ts';
import { photo } from '../support/person.ts';

/** A synthetic person of whom every part can be found again wherever it turns up. */
export interface Canary {
  readonly idCard: string;
  readonly name: string;
  readonly photo: Buffer;
  /** The 64 bytes within the photo that no other photo has. */
  readonly marker: Buffer;
}

const REGION = 7316;
const BIRTH = '19770707';

/** Characters that no list of common names has, in front of one that distinguishes the canaries. */
const NAMES = [
  (n: number) => `鱻龘靐${cyclic(n)}`,
  (n: number) => `鱻龘靐·${cyclic(n)}鱻`,
  (n: number) => `Canaria Qwzx ${cyclic(n)}`,
];

const cyclic = (n: number) =>
  `${'甲乙丙丁戊己庚辛壬癸'.charAt(n % 10)}${'子丑寅卯辰巳午未申酉戌亥'.charAt(n % 12)}`;

/** What all canaries share: finding this much of one is finding it. */
const sharedMarker = randomBytes(56);
export const shared: Readonly<Record<'idCard' | 'name' | 'latinName' | 'marker', Buffer>> = {
  idCard: Buffer.from(syntheticIdNumber(REGION, BIRTH, 0).slice(0, 14)),
  name: Buffer.from('鱻龘靐'),
  latinName: Buffer.from('Canaria Qwzx'),
  marker: sharedMarker,
};

/** Of every canary that can be made. */
export const idCards: readonly string[] = Array.from({ length: 999 }, (_, n) =>
  syntheticIdNumber(REGION, BIRTH, n + 1),
);

let made = 0;

export function makeCanary(): Canary {
  made += 1;
  const marker = Buffer.concat([sharedMarker, randomBytes(8)]);
  const name = NAMES[made % NAMES.length] ?? cyclic;
  return {
    idCard: idCards[made - 1] ?? '',
    name: name(made),
    photo: withComment(photo, marker),
    marker,
  };
}

/** A JPEG with a comment segment (ITU T.81, B.2.4.5) behind its first marker. */
function withComment(jpeg: Buffer, comment: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xfe, 0, 0]);
  head.writeUInt16BE(comment.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, comment, jpeg.subarray(2)]);
}

export function submissionOf({ idCard, name, photo: image }: Canary, more: object = {}) {
  return { idCard, name, imageBase64: image.toString('base64'), ...more };
}

export function formOf({ idCard, name, photo: image }: Canary, more: Readonly<Record<string, string>> = {}) {
  const form = new FormData();
  for (const [field, value] of Object.entries({ idCard, name, ...more })) form.append(field, value);
  form.append('image', new Blob([new Uint8Array(image)], { type: 'image/jpeg' }), 'photo.jpg');
  return form;
}
