import { describe, expect, it } from 'vitest';
import { extractBlocks } from './fenced-blocks.ts';
import { planPage, type Tables } from './plan.ts';

const nothing: Tables = { elsewhere: [], fragments: [] };
const block = (language: string, text: string, notes = '') =>
  `${notes === '' ? '' : `<!-- docs: ${notes} -->\n`}\`\`\`${language}\n${text}\n\`\`\`\n`;
const plan = (tables: Tables, ...blocks: readonly string[]) =>
  planPage(extractBlocks('a.md', blocks.join('\n')), tables);
const kinds = (...blocks: readonly string[]) => plan(nothing, ...blocks).map(({ kind }) => kind);

describe('planning a page', () => {
  it('runs commands and modules, and compares what is shown after them', () => {
    expect(kinds(block('sh', 'ls'), block('text', 'a'), block('ts', 'import "x";'))).toEqual([
      'commands',
      'output',
      'module',
    ]);
  });

  it.each<[name: string, blocks: readonly string[]]>([
    ['output that nothing printed', [block('text', 'a')]],
    ['a drawing', [block('', 'a ─▶ b')]],
    ['a language without a runner', [block('sql', 'BEGIN;')]],
    ['JSON of no known kind', [block('sh', 'ls'), block('json', '{}')]],
    ['a file that no command runs', [block('js', '// a.mjs\n1;'), block('sh', 'node b.mjs')]],
  ])('accounts not for %s', (_, blocks) => {
    expect(kinds(...blocks)).toContain('unaccounted');
  });

  it('accounts for what the table names, on that page alone', () => {
    const row = { page: 'a.md', begins: 'docker', reason: 'needs Docker', executedBy: '.ci/run' };
    const steps = (page: string) =>
      plan({ ...nothing, elsewhere: [{ ...row, page }] }, block('sh', 'docker ps'));
    expect(steps('a.md').map(({ kind }) => kind)).toEqual(['elsewhere']);
    expect(steps('b.md').map(({ kind }) => kind)).toEqual(['commands']);
  });

  it('joins a module with the blocks after it that import nothing', () => {
    const [first, second] = plan(
      nothing,
      block('ts', "import { a } from 'x';\nconst b = a();"),
      block('ts', 'b.c();'),
      block('ts', "import { d } from 'y';"),
    );
    expect(first).toMatchObject({
      kind: 'module',
      text: "import { a } from 'x';\nconst b = a();\n\nb.c();\n",
    });
    expect(second).toMatchObject({ kind: 'module', text: "import { d } from 'y';\n" });
  });
});
