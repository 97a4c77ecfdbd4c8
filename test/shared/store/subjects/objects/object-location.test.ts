import { expect, it } from 'vitest';
import {
  nameWithin,
  parseObjectPlace,
  spellLocation,
} from '../../../../../shared/store/subjects/objects/object-location.ts';

it.each([
  ['s3://photos', { bucket: 'photos', prefix: '' }],
  ['s3://photos/', { bucket: 'photos', prefix: '' }],
  ['s3://faces-1250000000/veriqueue', { bucket: 'faces-1250000000', prefix: 'veriqueue/' }],
  ['s3://a.b-c/d/e_f/', { bucket: 'a.b-c', prefix: 'd/e_f/' }],
  ['s3:/photos', null],
  ['s3://', null],
  ['s3://Photos', null],
  ['s3://ph..otos', null],
  ['s3://photos//x', null],
  ['s3://photos/../x', null],
  ['s3://photos/a b', null],
  ['s3://photos/%2e', null],
  ['s3://photos/a?b', null],
  ['https://photos', null],
])('%s is the place %j', (text, place) => {
  expect(parseObjectPlace(text)).toEqual(place);
});

it('a location is read and deleted only within a place that the settings name', () => {
  const place = { bucket: 'photos', prefix: 'faces/' };
  const name = 'faces/main/2026-03-02/ver_1/ab';
  expect(nameWithin(place, spellLocation({ bucket: 'photos', name }))).toBe(name);
  const elsewhere = ['s3://photos/other/x', 's3://photos2/faces/x', 's3://photo/faces/x', 'photos/faces/x'];
  expect(elsewhere.map((location) => nameWithin(place, location))).toEqual(elsewhere.map(() => null));
});
