/**
 * What a function gives for each of many inputs, as one value. A test compares two such tables, so that a failure shows exactly
 * the rows that differ, and one rule is one test however many examples it has.
 *
 * @param inputs without duplicates; what JSON makes of each is its key
 */
export function tabulate<Input, Output>(
  inputs: Iterable<Input>,
  observe: (input: Input) => Output,
): Readonly<Record<string, Output>> {
  return Object.fromEntries([...inputs].map((input) => [JSON.stringify(input), observe(input)]));
}
