import { InvalidArgumentError } from 'commander';

export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError(`must be a whole number of at least 1, received ${text}`);
}

/** Separated by commas. */
export const parseCounts = (text: string): readonly number[] => text.split(',').map(parseCount);

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text !== '' && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new InvalidArgumentError(`must be a number of at least 0, received ${text}`);
}

export const parseName =
  <Name extends string>(known: readonly Name[]) =>
  (text: string): Name => {
    const found = known.find((name) => name === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`must be among ${known.join(', ')}, received ${text}`);
  };

/** Separated by commas. */
export const parseNames =
  <Name extends string>(known: readonly Name[]) =>
  (text: string): readonly Name[] =>
    text.split(',').map(parseName(known));
