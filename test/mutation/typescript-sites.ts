import { parseSync } from 'oxc-parser';
import type { Site } from './mutant.ts';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const BINARY: Readonly<Record<string, readonly [string, string]>> = {
  '===': ['!==', 'comparison'],
  '!==': ['===', 'comparison'],
  '<': ['<=', 'bound'],
  '<=': ['<', 'bound'],
  '>': ['>=', 'bound'],
  '>=': ['>', 'bound'],
  '+': ['-', 'arithmetic'],
  '-': ['+', 'arithmetic'],
  '*': ['/', 'arithmetic'],
  '/': ['*', 'arithmetic'],
  '%': ['*', 'arithmetic'],
};

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

const childrenOf = (node: Node): readonly Node[] =>
  Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);

/** Every place of a TypeScript file where one change gives another program. Types and imports are left alone. */
export function findTypeScriptSites(file: string, source: string): readonly Site[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`Cannot parse ${file}: ${errors[0]?.message}`);
  const found: Site[] = [];
  const visit = (node: Node): void => {
    if (node.type.startsWith('TS') && !isWrapper(node)) return;
    if (node.type === 'ImportDeclaration') return;
    found.push(...sitesOf(node, source));
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program as unknown as Node);
  return found;
}

/** `x as T`, `x satisfies T`: the expression inside runs. */
const isWrapper = ({ type }: Node) => /^TS(?:As|Satisfies|NonNull)Expression$/.test(type);

function sitesOf(node: Node, source: string): readonly Site[] {
  const whole = (replacement: string, kind: string): Site => ({
    start: node.start,
    end: node.end,
    replacement,
    kind,
  });
  const part = (field: string) => node[field] as Node;
  const textOf = ({ start, end }: Node) => source.slice(start, end);
  switch (node.type) {
    case 'BinaryExpression':
      return operatorSite(node, source, BINARY[String(node['operator'])]);
    case 'LogicalExpression': {
      const by = { '&&': '||', '||': '&&', '??': '' }[String(node['operator'])] ?? '';
      return by === ''
        ? [whole(textOf(part('left')), 'fallback dropped')]
        : operatorSite(node, source, [by, 'logic']);
    }
    case 'UnaryExpression':
      return node['operator'] === '!' ? [whole(textOf(part('argument')), 'negation')] : [];
    case 'Literal':
      if (typeof node['value'] === 'boolean') return [whole(String(!node['value']), 'boolean')];
      return typeof node['value'] === 'number' ? [whole(String(node['value'] + 1), 'number')] : [];
    case 'IfStatement':
    case 'ConditionalExpression': {
      const { start, end } = part('test');
      return ['true', 'false'].map((replacement) => ({ start, end, replacement, kind: 'condition' }));
    }
    case 'ExpressionStatement':
      return isDroppable(part('expression')) ? [whole(';', 'statement dropped')] : [];
    default:
      return [];
  }
}

/** The operator stands between its sides, where only spaces, brackets and comments may be besides. */
function operatorSite(node: Node, source: string, change: readonly [string, string] | undefined) {
  const [left, right] = [node['left'] as Node, node['right'] as Node];
  const operator = String(node['operator']);
  const start = source.indexOf(operator, left.end);
  const isText = [left, right].some(
    ({ type, value }) => type === 'TemplateLiteral' || typeof value === 'string',
  );
  if (change === undefined || start < 0 || start > right.start || (operator === '+' && isText)) return [];
  const [replacement, kind] = change;
  return [{ start, end: start + operator.length, replacement, kind }];
}

const isDroppable = ({ type, argument }: Node): boolean =>
  type === 'CallExpression' ||
  type === 'AssignmentExpression' ||
  type === 'UpdateExpression' ||
  (type === 'AwaitExpression' && isNode(argument) && argument.type === 'CallExpression');
