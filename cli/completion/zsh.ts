import type { CommandNode, OptionNode } from './command-tree.ts';
import { quote } from './quote.ts';

export function zshScript(tree: readonly CommandNode[]): string {
  const known = tree.filter(({ path }) => path !== '').map(({ path }) => quote(` ${path}`));
  return `#compdef veriqueue
# veriqueue completion for zsh: put this into a folder of $fpath as _veriqueue, or source it after compinit.
_veriqueue() {
  local path_= previous=\${words[CURRENT-1]} i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    case "$path_ \${words[i]}" in
      ${known.join(' | ')}) path_="$path_ \${words[i]}" ;;
    esac
  done
  case "$path_:$previous" in
${tree.flatMap(valueCases).join('\n')}
  esac
  case "$path_" in
${tree.map(nodeCase).join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option options
  elif (( \${#commands} )); then
    _describe command commands
  else
    _files
  fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _veriqueue "$@"; else compdef _veriqueue veriqueue; fi
`;
}

const at = (path: string) => (path === '' ? '' : ` ${path}`);
const entry = (name: string, description: string) => quote(`${name}:${description.replaceAll(':', ' ')}`);

function valueCases({ path, options }: CommandNode): string[] {
  return options.flatMap(({ flag, value }) => {
    const pattern = quote(`${at(path)}:${flag}`);
    if (value === 'none') return [];
    if (value === 'file') return [`    ${pattern}) _files; return ;;`];
    if (value === 'text') return [`    ${pattern}) _message ${quote(`a value for ${flag}`)}; return ;;`];
    return [`    ${pattern}) compadd -- ${value.map(quote).join(' ')}; return ;;`];
  });
}

function nodeCase({ path, children, options, words }: CommandNode): string {
  const commands = [
    ...children.map(({ name, description }) => entry(name, description)),
    ...words.map((word) => quote(word)),
  ];
  const flags = options.map(({ flag, description }: OptionNode) => entry(flag, description));
  return `    ${quote(at(path))}) commands=(${commands.join(' ')}); options=(${flags.join(' ')}) ;;`;
}
