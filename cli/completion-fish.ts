/** Completion for fish, with what each command and option does. */
import type { CompletionNode, CompletionOption, CompletionValue } from './completion-tree.js';

export function fishCompletion(nodes: readonly CompletionNode[]): string {
  return `# cairn completion for fish. Load it with: cairn completion fish | source
function __cairn_at --description 'Whether the command so far is the one given'
  set -l at
  set -l skip no
  for word in (commandline -opc)[2..-1]
    if test $skip = yes
      set skip no
    else if contains -- (string join ' ' -- $at):$word ${valuedFlags(nodes).map(quoted).join(' ')}
      set skip yes
    else if contains -- (string join ' ' -- $at $word) ${nodes
      .filter(({ path }) => path !== '')
      .map(({ path }) => quoted(path))
      .join(' ')}
      set at $at $word
    end
  end
  test (string join ' ' -- $at) = "$argv[1]"
end

complete -c cairn -f
${nodes.flatMap(nodeLines).join('\n')}
`;
}

/** `path:flag`, since a flag may stand alone in one command and take a value in another. */
function valuedFlags(nodes: readonly CompletionNode[]): string[] {
  return nodes.flatMap(({ path, options }) => {
    const valued = options.filter(({ value }) => value !== undefined);
    return valued.flatMap(({ flags }) => flags.map((flag) => `${path}:${flag}`));
  });
}

function nodeLines({ path, commands, options, argument }: CompletionNode): string[] {
  const condition = `complete -c cairn -n ${quoted(`__cairn_at ${quotedWithin(path)}`)}`;
  return [
    ...commands.map(({ name, description }) => `${condition} -a ${quoted(name)} -d ${quoted(description)}`),
    ...options.map((option) => `${condition} ${optionWords(option)} -d ${quoted(option.description)}`),
    ...(argument === undefined || argument.kind === 'unknown' ? [] : [`${condition} ${valueWords(argument)}`]),
  ];
}

function optionWords({ flags, value }: CompletionOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  return value === undefined ? names.join(' ') : `${names.join(' ')} -r ${valueWords(value)}`.trimEnd();
}

function valueWords(value: CompletionValue): string {
  switch (value.kind) {
    case 'file':
      return '-F';
    case 'directory':
      return "-a '(__fish_complete_directories)'";
    case 'choices':
      return `-a ${quoted(value.choices.join(' '))}`;
    case 'unknown':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** Paths are words and spaces. */
function quotedWithin(path: string): string {
  return `"${path}"`;
}
