import { readFileSync } from 'node:fs';
import { loadTestIdNumber } from '../../sandbox/id-number.ts';
import type { SubmissionForm } from '../../shared/contract/submission.ts';

/** The smallest sample: 19,578 bytes of a drawn robot. */
export const photo: Buffer = readFileSync(new URL('../../samples/robot-240x320.jpg', import.meta.url));
export const photoBase64: string = photo.toString('base64');

export interface TestPerson {
  readonly idCard: string;
  readonly name: string;
}

let taken = 0;

/** A person no other test asks about, whom the sandbox finds to match unless a script says otherwise. */
export function makePerson(): TestPerson {
  taken += 1;
  return { idCard: loadTestIdNumber(taken), name: '测试甲' };
}

export type SubmissionOptions = Partial<Omit<SubmissionForm, 'idCard' | 'name'>>;

/** A submission as JSON. */
export function makeSubmission(person: TestPerson, options: SubmissionOptions = {}) {
  return { idCard: person.idCard, name: person.name, imageBase64: photoBase64, ...options };
}

/** The same as a multipart form. */
export function makeForm(person: TestPerson, options: SubmissionOptions = {}): FormData {
  const form = new FormData();
  form.append('idCard', person.idCard);
  form.append('name', person.name);
  for (const [name, value] of Object.entries(options)) form.append(name, String(value));
  form.append('image', new Blob([new Uint8Array(photo)], { type: 'image/jpeg' }), 'photo.jpg');
  return form;
}
