import { Argument, type Command } from 'commander';
import { readCommandTree } from './completion/command-tree.ts';
import { completionScript, type Shell, shells } from './completion/completion-script.ts';

const help = `
bash:  veriqueue completion bash > ~/.local/share/bash-completion/completions/veriqueue
zsh:   veriqueue completion zsh > ~/.zfunc/_veriqueue   (a folder of $fpath, before compinit)
fish:  veriqueue completion fish > ~/.config/fish/completions/veriqueue.fish

Or for this shell alone:  source <(veriqueue completion bash)
Make the file again after an upgrade: it holds the commands of one version.`;

/** `veriqueue completion SHELL`: what a shell offers at TAB. A script for a file, so the same under `--json`. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print the script that lets a shell complete commands and options')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText('after', help)
    .action((shell: Shell) => {
      process.stdout.write(completionScript(shell, readCommandTree(program)));
    });
}
