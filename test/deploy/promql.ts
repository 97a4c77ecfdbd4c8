/** What a PromQL expression reads: metrics, the labels it selects them by, and with which values. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

const WORDS = new Set([
  ...[
    'and',
    'or',
    'unless',
    'by',
    'without',
    'on',
    'ignoring',
    'group_left',
    'group_right',
    'bool',
    'offset',
  ],
]);

/**
 * Enough of the grammar for our own expressions: strings, numbers, durations and lists of labels are taken out; a name
 * before a parenthesis is a function; what is left are metrics, each with the matchers behind it.
 */
export function parseSelectors(expression: string): readonly Selector[] {
  const strings: string[] = [];
  const masked = expression
    .replaceAll(/"((?:[^"\\]|\\.)*)"/g, (_all, text: string) => `"${strings.push(text) - 1}"`)
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\boffset\s+\w+/g, ' ')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  return [...masked.matchAll(/([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(\s*\()?/g)].flatMap(
    ([, name = '', braces, call]): Selector[] =>
      call !== undefined || WORDS.has(name)
        ? []
        : [{ metric: name, matchers: parseMatchers(braces ?? '', strings) }],
  );
}

/** The labels it groups or joins by. */
export function parseGrouping(expression: string): readonly string[] {
  const lists = expression.matchAll(/\b(?:by|on|group_left|group_right)\s*\(([^)]*)\)/g);
  return [...lists].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((label) => label.trim())
      .filter(Boolean),
  );
}

function parseMatchers(braces: string, strings: readonly string[]): Selector['matchers'] {
  return [...braces.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"(\d+)"/g)].map(
    ([, label = '', operator = '', index = '']) => ({
      label,
      operator,
      value: strings[Number(index)] ?? '',
    }),
  );
}
