/**
 * How many there are, in words: `1 event`, `2 events`.
 *
 * @param count as it is shown: `1,234`
 * @param many @default `one` with an `s`
 */
export const plural = (count: number | string, one: string, many = `${one}s`): string =>
  `${count} ${String(count) === '1' ? one : many}`;
