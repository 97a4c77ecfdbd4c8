import { bashScript } from './bash.ts';
import type { CommandNode } from './command-tree.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export type Shell = keyof typeof scripts;
export const shells = Object.keys(scripts) as readonly Shell[];

/**
 * A script that offers the commands and options of this version. It holds them all: a TAB starts no program, which would
 * take a third of a second. No library fits: those for commander ask the program at every TAB.
 */
export function completionScript(shell: Shell, tree: readonly CommandNode[]): string {
  return scripts[shell](tree);
}
