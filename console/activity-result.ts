import type { Texts } from './texts/en.ts';

/**
 * What came of an action, in the reader's language; a result that the catalogue lacks as it is. Pure.
 *
 * @param result as Activity keeps it: a word, `redelivered 5`, or the fields of a client that were changed
 */
export function describeResult(
  { action, result }: { readonly action: string; readonly result: string },
  { results, fields, sentAgain, separator }: Texts['activity'],
): string {
  const [, count] = /^redelivered (\d+)$/.exec(result) ?? [];
  if (count !== undefined) return sentAgain(count);
  const word = find(results, result);
  if (word !== null) return word;
  if (action !== 'change_client') return result.replaceAll('_', ' ');
  return result
    .split(', ')
    .map((field) => find(fields, field) ?? field)
    .join(separator);
}

const find = (group: Readonly<Record<string, string>>, name: string): string | null =>
  Object.hasOwn(group, name) ? (group[name] ?? null) : null;
