import type { CommandNode, OptionNode } from './command-tree.ts';
import { quote } from './quote.ts';

export function fishScript(tree: readonly CommandNode[]): string {
  const known = tree.filter(({ path }) => path !== '').map(({ path }) => quote(` ${path}`));
  return `# veriqueue completion for fish: put this into ~/.config/fish/completions/veriqueue.fish.
function __veriqueue_at
    set -l path ''
    for word in (commandline -opc)[2..]
        if contains -- "$path $word" ${known.join(' ')}
            set path "$path $word"
        end
    end
    test "$path" = "$argv[1]"
end
complete -c veriqueue -e
${tree.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, children, options, words }: CommandNode): string[] {
  const at = quote(path === '' ? '' : ` ${path}`).replaceAll("'", '"');
  const begin = `complete -c veriqueue -n '__veriqueue_at ${at}'`;
  const named = [...children, ...words.map((name) => ({ name, description: '' }))];
  return [
    ...named.map(({ name, description }) => `${begin} -f -a ${quote(name)} -d ${quote(description)}`),
    ...options.map((option) => `${begin} ${optionOf(option)}`),
  ];
}

function optionOf({ flag, description, value }: OptionNode): string {
  const long = `-l ${flag.replace(/^--/, '')} -d ${quote(description)}`;
  if (value === 'none') return `-f ${long}`;
  if (value === 'file') return `${long} -r -F`;
  return value === 'text' ? `${long} -x` : `${long} -x -a ${quote(value.join(' '))}`;
}
