import type { Block } from './fenced-blocks.ts';

/** A block that cannot run in a test: why, and what carries it out instead. */
export interface ElsewhereRow {
  readonly page: string;
  /** How the block begins. */
  readonly begins: string;
  readonly reason: string;
  /** A file of this project. */
  readonly executedBy: string;
}

/** A piece of a program: what a page has described before, so that it can run. */
export interface FragmentRow {
  readonly page: string;
  /** How the block begins. */
  readonly begins: string;
  /** Source that stands before it. */
  readonly before: string;
}

export interface Tables {
  readonly elsewhere: readonly ElsewhereRow[];
  readonly fragments: readonly FragmentRow[];
}

/** What the test does with a block. */
export type Step =
  | { readonly kind: 'commands'; readonly block: Block }
  /** Commands that go on until they are stopped, beside what follows. */
  | {
      readonly kind: 'service';
      readonly block: Block;
      readonly name: string;
      /** The service that is stopped for it. */
      readonly replaces: string | null;
      /** It says nothing by itself. */
      readonly quiet: boolean;
    }
  | { readonly kind: 'file'; readonly block: Block; readonly name: string }
  /** TypeScript or JavaScript that runs as one module: a block with imports, and those after it without. */
  | { readonly kind: 'module'; readonly block: Block; readonly text: string; readonly name: string }
  /** Compared with what was printed by the step before it, or by a service. */
  | { readonly kind: 'output'; readonly block: Block; readonly service: string | null }
  | { readonly kind: 'json'; readonly block: Block; readonly schema: string }
  | { readonly kind: 'elsewhere'; readonly block: Block; readonly row: ElsewhereRow }
  | { readonly kind: 'unaccounted'; readonly block: Block };

const scripts: Readonly<Record<string, string>> = { ts: 'ts', js: 'mjs', mjs: 'mjs' };
const NAMED_FILE = /^\/\/ ([\w-]+\.(?:ts|mts|js|mjs))\b/;
const hasImport = (text: string) => /^import\s/m.test(text);

/** Decides about every block of a page, in order. */
export function planPage(blocks: readonly Block[], tables: Tables): readonly Step[] {
  const steps = blocks.map((block, index) => planBlock(block, blocks.slice(0, index), tables));
  const ran = steps.flatMap((step) =>
    step.kind === 'commands' || step.kind === 'service' ? [step.block.text] : [],
  );
  return joinModules(steps).map((step) =>
    // A file that nothing runs would never be checked.
    step.kind === 'file' && !ran.some((text) => text.includes(step.name))
      ? { kind: 'unaccounted', block: step.block }
      : step,
  );
}

function planBlock(block: Block, before: readonly Block[], { elsewhere, fragments }: Tables): Step {
  const { notes, language, text } = block;
  const isMeant = ({ page, begins }: { readonly page: string; readonly begins: string }) =>
    page === block.page && text.startsWith(begins);
  const row = elsewhere.find(isMeant);
  if (row !== undefined) return { kind: 'elsewhere', block, row };
  if (language === 'sh') {
    const name = notes.get('runs-on');
    if (name === undefined) return { kind: 'commands', block };
    return {
      kind: 'service',
      block,
      name,
      replaces: notes.get('replaces') ?? null,
      quiet: notes.has('quiet'),
    };
  }
  const file = notes.get('file');
  if (file !== undefined) return { kind: 'file', block, name: file };
  const extension = scripts[language];
  if (extension !== undefined) {
    const [, name] = NAMED_FILE.exec(text) ?? [];
    if (name !== undefined) return { kind: 'file', block, name };
    const preamble = fragments.find(isMeant)?.before ?? '';
    return { kind: 'module', block, text: `${preamble}${text}`, name: `line-${block.line}.${extension}` };
  }
  const schema = notes.get('schema');
  if (language === 'json' && schema !== undefined) return { kind: 'json', block, schema };
  const shows = language === 'text' || notes.has('output');
  return shows && before.length > 0
    ? { kind: 'output', block, service: notes.get('output-of') ?? null }
    : { kind: 'unaccounted', block };
}

/** A module stands where its last block does. */
function joinModules(steps: readonly Step[]): readonly Step[] {
  const joined: Step[] = [];
  for (const step of steps) {
    const last = joined.findLastIndex((one) => one.kind === 'module');
    const begun = joined[last];
    if (step.kind === 'module' && !hasImport(step.text) && begun?.kind === 'module') {
      joined.splice(last, 1);
      joined.push({ ...begun, block: step.block, text: `${begun.text}\n${step.text}` });
    } else {
      joined.push(step);
    }
  }
  return joined;
}
