/** What can follow what on the command line, read from the commands themselves, for the completions of shells. */
import type { Argument, Command, Option } from 'commander';

/** What a value is, as far as a shell can complete it. */
export type CompletionValue =
  | { readonly kind: 'file' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  /** Names and numbers of the cluster's things: asking it at every keystroke would be slow. */
  | { readonly kind: 'unknown' };

export interface CompletionOption {
  /** `-o`, `--output`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Of what stands behind it; `undefined` when nothing does. */
  readonly value: CompletionValue | undefined;
}

export interface CompletionNode {
  /** `osd tree`; empty for the program. */
  readonly path: string;
  readonly description: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  /** Those of the program too, which may stand anywhere. */
  readonly options: readonly CompletionOption[];
  /** Of the first argument. */
  readonly argument: CompletionValue | undefined;
}

/** The program first, each command before those below it, in the order of the help. */
export function completionNodes(program: Command): CompletionNode[] {
  const global = program.options.filter((option) => option.long !== '--version').map(completionOption);
  return walk(program, '', [...global, helpOption]);
}

const helpOption: CompletionOption = { flags: ['-h', '--help'], description: 'show help', value: undefined };

function walk(command: Command, path: string, shared: readonly CompletionOption[]): CompletionNode[] {
  const visible = command.commands.filter((one) => one.name() !== 'help' || one.registeredArguments.length > 0);
  const own = path === '' ? [] : [command, ...defaultCommands(command)];
  const node: CompletionNode = {
    path,
    description: firstLine(command.description()),
    commands: visible.map((one) => ({ name: one.name(), description: firstLine(one.description()) })),
    options: [...own.flatMap((one) => one.options.filter(({ hidden }) => !hidden).map(completionOption)), ...shared],
    argument: argumentValue(command.registeredArguments[0]),
  };
  return [node, ...visible.flatMap((one) => walk(one, path === '' ? one.name() : `${path} ${one.name()}`, shared))];
}

/** The one that runs when none is named (`cairn health`): its options may follow the group's name. */
function defaultCommands(command: Command): Command[] {
  // Commander keeps the name in this field and offers no way to ask.
  const { _defaultCommandName: name } = command as Command & { _defaultCommandName?: string | null };
  return command.commands.filter((one) => one.name() === name);
}

function completionOption(option: Option): CompletionOption {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined);
  const takesValue = option.required || option.optional;
  return {
    flags,
    description: firstLine(option.description),
    value: takesValue ? valueOf(option.flags, option.argChoices) : undefined,
  };
}

function argumentValue(argument: Argument | undefined): CompletionValue | undefined {
  return argument === undefined ? undefined : valueOf(`<${argument.name()}>`, argument.argChoices);
}

function valueOf(syntax: string, choices: readonly string[] | undefined): CompletionValue {
  if (choices !== undefined) return { kind: 'choices', choices };
  if (syntax.includes('<file>')) return { kind: 'file' };
  if (syntax.includes('<dir>')) return { kind: 'directory' };
  return { kind: 'unknown' };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
