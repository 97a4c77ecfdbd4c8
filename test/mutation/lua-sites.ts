import type { Site } from './mutant.ts';

/** Comments and strings first, so that what they hold is no operator. */
const TOKEN =
  /--\[\[[\s\S]*?\]\]|--[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\b\d+(?:\.\d+)?\b|[A-Za-z_]\w*|==|~=|<=|>=|\.\.|[<>+\-*/]/g;

const REPLACEMENTS: Readonly<Record<string, { readonly by: string; readonly kind: string }>> = {
  '==': { by: '~=', kind: 'comparison' },
  '~=': { by: '==', kind: 'comparison' },
  '<': { by: '<=', kind: 'bound' },
  '<=': { by: '<', kind: 'bound' },
  '>': { by: '>=', kind: 'bound' },
  '>=': { by: '>', kind: 'bound' },
  '+': { by: '-', kind: 'arithmetic' },
  '-': { by: '+', kind: 'arithmetic' },
  '*': { by: '/', kind: 'arithmetic' },
  '/': { by: '*', kind: 'arithmetic' },
  and: { by: 'or', kind: 'logic' },
  or: { by: 'and', kind: 'logic' },
  true: { by: 'false', kind: 'boolean' },
  false: { by: 'true', kind: 'boolean' },
};

/** A command to Redis that is a statement of its own, on one line. */
const COMMAND = /^[ \t]*(redis\.call\((?:[^()\n]|\([^()\n]*\))*\))[ \t]*$/gm;
const CONDITION = /\b(?:else)?if\s+([^\n]+?)\s+then\b/g;

/** Every place of a Lua text where one change gives another program that still compiles. */
export function findLuaSites(text: string): Site[] {
  const at = (start: number, end: number, replacement: string, kind: string): Site => ({
    start,
    end,
    replacement,
    kind,
  });
  const sites: Site[] = [];
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const end = index + token.length;
    const change = Object.hasOwn(REPLACEMENTS, token) ? REPLACEMENTS[token] : undefined;
    if (change !== undefined) sites.push(at(index, end, change.by, change.kind));
    else if (token === 'not') sites.push(at(index, end, '', 'negation'));
    else if (/^\d/.test(token) && !/[[]$/.test(text.slice(0, index))) {
      sites.push(at(index, end, String(Number(token) + 1), 'number'));
    }
  }
  for (const { 0: line, 1: command = '', index } of text.matchAll(COMMAND)) {
    const start = index + line.indexOf(command);
    sites.push(at(start, start + command.length, '', 'command dropped'));
  }
  for (const { 0: whole, 1: condition = '', index } of text.matchAll(CONDITION)) {
    const start = index + whole.indexOf(condition);
    for (const value of ['true', 'false']) {
      sites.push(at(start, start + condition.length, value, 'condition'));
    }
  }
  return sites;
}
