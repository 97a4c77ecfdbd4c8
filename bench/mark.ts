/** What a figure has to reach. */
export type Bound = { readonly atLeast: number } | { readonly atMost: number };

const isMet = (value: number, bound: Bound): boolean =>
  'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost;

/** One line: the figure, its mark, and whether it is met. @param unit such as ` %`, with its space */
export function presentMark(name: string, value: number, bound: Bound, digits = 2, unit = ''): string {
  const wanted = 'atLeast' in bound ? `at least ${bound.atLeast}` : `at most ${bound.atMost}`;
  const verdict = isMet(value, bound) ? 'met' : 'NOT met';
  return `  mark: ${name}: ${value.toFixed(digits)}${unit}, ${wanted}${unit}: ${verdict}`;
}
