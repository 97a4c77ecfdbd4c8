/** The parameters of a query string or a form, decoded, by their flat names (`Encryption.EncryptList.0`). */
export type FormParameters = ReadonlyMap<string, string>;

/** Reads `a=1&b=2`; undefined if a pair has no `=`, which the gateway refuses. */
export function parseForm(text: string): FormParameters | undefined {
  if (text === '') return new Map();
  if (text.split('&').some((pair) => !pair.includes('='))) return undefined;
  return new Map(new URLSearchParams(text));
}

/** Parameters that belong to the protocol and not to the action. */
const COMMON = new Set([
  'Action',
  'Version',
  'Region',
  'Timestamp',
  'Nonce',
  'SecretId',
  'Signature',
  'SignatureMethod',
  'Token',
  'Language',
  'RequestClient',
]);

interface Branch {
  [key: string]: string | Branch;
}

function insert(tree: Branch, path: readonly string[], value: string): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const existing = tree[key];
  const child: Branch = typeof existing === 'object' ? existing : Object.create(null);
  tree[key] = child;
  insert(child, rest, value);
}

/** Turns branches whose keys are 0, 1, 2 … into arrays. */
function withArrays(node: string | Branch): unknown {
  if (typeof node === 'string') return node;
  const keys = Object.keys(node);
  const children = keys.map((key) => withArrays(node[key] ?? ''));
  if (keys.length > 0 && keys.every((key, index) => key === String(index))) return children;
  return Object.fromEntries(keys.map((key, index) => [key, children[index]]));
}

/** The action's own parameters, nested again as they are in JSON. */
export function actionParameters(parameters: FormParameters): unknown {
  const tree: Branch = Object.create(null);
  for (const [name, value] of parameters) {
    if (!COMMON.has(name)) insert(tree, name.split('.'), value);
  }
  return withArrays(tree);
}
