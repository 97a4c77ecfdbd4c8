const ANYTHING = '…';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Strings, brackets, and the mark where it stands for a value or for further members. */
const TOKEN = new RegExp(`"(?:[^"\\\\]|\\\\.)*"|[{}[\\]:,]|${ANYTHING}`, 'g');

/**
 * Parses JSON as pages show it, with `…` for what is left out.
 *
 * @throws SyntaxError when it is none
 */
export function parseShown(text: string): Json {
  const open: string[] = [];
  let before = '';
  const whole = text.replace(TOKEN, (token) => {
    const standsFor = before === ':' || open.at(-1) === '[' ? `"${ANYTHING}"` : `"${ANYTHING}":0`;
    if (token === '{' || token === '[') open.push(token);
    if (token === '}' || token === ']') open.pop();
    before = token;
    return token === ANYTHING ? standsFor : token;
  });
  return JSON.parse(whole) as Json;
}

/** Whether a text with marks could be this one. */
function stands(shown: string, actual: Json | undefined): boolean {
  if (shown === ANYTHING) return actual !== undefined;
  if (typeof actual !== 'string') return false;
  const parts = shown.split(ANYTHING).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(actual);
}

/** What is left out, taken from a real answer of the same kind; what is shown stays as it is. */
export function fillIn(shown: Json, actual: Json | undefined): Json {
  if (typeof shown === 'string') {
    return shown.includes(ANYTHING) && actual !== undefined && stands(shown, actual) ? actual : shown;
  }
  if (Array.isArray(shown)) {
    const list: readonly Json[] = Array.isArray(actual) ? actual : [];
    return shown.flatMap((item, index) =>
      item === ANYTHING ? list.slice(index) : [fillIn(item, list[index])],
    );
  }
  if (!isObject(shown)) return shown;
  const given = isObject(actual) ? actual : {};
  const { [ANYTHING]: others, ...members } = shown;
  const filled = Object.entries(members).map(([name, value]) => [name, fillIn(value, given[name])]);
  return { ...(others === undefined ? {} : given), ...Object.fromEntries(filled) };
}
