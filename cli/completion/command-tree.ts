import type { Command, Option } from 'commander';

/** An option as a shell offers it. */
export interface OptionNode {
  /** `--status`; never the short form. */
  readonly flag: string;
  readonly description: string;
  /** What follows it: nothing, one of a few words, a file, or a text that no shell knows. */
  readonly value: 'none' | 'file' | 'text' | readonly string[];
}

/** A command, by the words that lead to it. */
export interface CommandNode {
  /** `deliveries list`; empty for the program itself. */
  readonly path: string;
  readonly description: string;
  readonly children: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionNode[];
  /** Words for its first argument; empty where a shell offers files. */
  readonly words: readonly string[];
}

/** Options whose value is a path, by how their value is called in the help. */
const FILE_VALUES = /<(path|file|folder)/;

/** Every command of a program, from the outside in: what all shells' completions are made of. */
export function readCommandTree(program: Command): readonly CommandNode[] {
  return collect(program, '', optionsOf(program));
}

function collect(command: Command, path: string, shared: readonly OptionNode[]): CommandNode[] {
  const own = path === '' ? [] : optionsOf(command);
  const children = command.commands.map((child) => ({
    name: child.name(),
    description: firstClause(child.description()),
  }));
  const words = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const description = firstClause(command.description());
  return [
    { path, description, children, options: [...own, ...shared], words },
    ...command.commands.flatMap((child) => collect(child, `${path} ${child.name()}`.trim(), shared)),
  ];
}

function optionsOf(command: Command): OptionNode[] {
  return command.options
    .filter(({ hidden, long }) => !hidden && long !== undefined)
    .map((option) => ({
      flag: String(option.long),
      description: firstClause(option.description),
      value: readValue(option),
    }));
}

function readValue(option: Option): OptionNode['value'] {
  if (option.argChoices !== undefined) return option.argChoices;
  if (!option.required && !option.optional) return 'none';
  return FILE_VALUES.test(option.flags) ? 'file' : 'text';
}

/** A menu has room for a few words. */
function firstClause(text: string): string {
  return text.split(/[;:,(]/, 1)[0]?.trim() ?? '';
}
