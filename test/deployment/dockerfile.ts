import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './built-program.ts';

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions of the Dockerfile, by stage; continued lines are joined, comments left out. */
export function readStages(): readonly (readonly Instruction[])[] {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8').replace(/\\\n/g, ' ');
  const instructions = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
      return { name, text: rest };
    });
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  return starts.map((start, stage) => instructions.slice(start, starts[stage + 1]));
}

/** The stage that becomes the image. */
export function readRuntimeStage(): readonly Instruction[] {
  return readStages().at(-1) ?? [];
}

/** An instruction in exec form (`CMD ["node", "…"]`, `HEALTHCHECK … CMD […]`) as its words. */
export function execForm(name: string): readonly string[] {
  const text = readRuntimeStage().find((instruction) => instruction.name === name)?.text ?? '';
  return JSON.parse(text.slice(text.indexOf('['))) as string[];
}
