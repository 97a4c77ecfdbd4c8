import type { CommandNode, OptionNode } from './command-tree.ts';
import { quote } from './quote.ts';

/** For bash 3.2 (macOS) and later, with or without the package bash-completion. */
export function bashScript(tree: readonly CommandNode[]): string {
  const known = tree.filter(({ path }) => path !== '').map(({ path }) => quote(` ${path}`));
  return `# veriqueue completion for bash: source this file, or put it into bash-completion's folder.
_veriqueue() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path= words= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
      ${known.join(' | ')}) path="$path \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path:$previous" in
${tree.flatMap(valueCases).join('\n')}
  esac
  case "$path" in
${tree.map(nodeCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -o bashdefault -F _veriqueue veriqueue
`;
}

const at = (path: string) => (path === '' ? '' : ` ${path}`);

function valueCases({ path, options }: CommandNode): string[] {
  return options.flatMap(({ flag, value }) => {
    const pattern = quote(`${at(path)}:${flag}`);
    if (value === 'none') return [];
    // An empty reply makes bash offer files, which is right for a file; a text gets a reply of nothing by \`compopt\`.
    if (value === 'file') return [`    ${pattern}) return ;;`];
    if (value === 'text')
      return [`    ${pattern}) compopt +o default +o bashdefault 2> /dev/null; return ;;`];
    return [`    ${pattern}) COMPREPLY=($(compgen -W ${quote(value.join(' '))} -- "$current")); return ;;`];
  });
}

function nodeCase({ path, children, options, words }: CommandNode): string {
  const flags = options.map(({ flag }: OptionNode) => flag);
  const plain = [...children.map(({ name }) => name), ...words];
  const offered = `if [[ $current == -* ]]; then words=${quote(flags.join(' '))}; else words=${quote(plain.join(' '))}; fi`;
  return `    ${quote(at(path))}) ${offered} ;;`;
}
