/** `cairn completion`: what lets a shell complete commands and options. Generated from the commands themselves. */
import { Argument, type Command } from 'commander';
import { bashCompletion } from './completion-bash.js';
import { fishCompletion } from './completion-fish.js';
import { type CompletionNode, completionNodes } from './completion-tree.js';
import { zshCompletion } from './completion-zsh.js';
import type { CliContext } from './context.js';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const satisfies Readonly<
  Record<string, (nodes: readonly CompletionNode[]) => string>
>;
type Shell = keyof typeof shells;

export function registerCompletionCommand(program: Command, context: CliContext): void {
  program
    .command('completion')
    .description('Print a script that lets your shell complete commands and options. It asks no cluster.')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(shells)))
    .addHelpText(
      'after',
      '\nLoad it with `source <(cairn completion bash)`, in ~/.bashrc; the same for zsh, in ~/.zshrc after compinit;\n' +
        'for fish with `cairn completion fish | source`, in ~/.config/fish/config.fish.\n' +
        '\nExamples:\n  cairn completion bash\n  cairn completion zsh\n  cairn completion fish',
    )
    .action((shell: Shell) => context.print(shells[shell](completionNodes(program))));
}
