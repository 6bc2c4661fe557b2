/** Completion for bash from version 3.2 on, which has no associative arrays. */
import type { CompletionNode, CompletionValue } from './completion-tree.js';

export function bashCompletion(nodes: readonly CompletionNode[]): string {
  return `# cairn completion for bash. Load it with: source <(cairn completion bash)
_cairn_node() {
  case $1 in
${nodes.map(nodeCase).join('\n')}
  esac
}

_cairn_value() {
  case $1 in
${nodes.flatMap(valueCases).join('\n')}
    *) return 1 ;;
  esac
}

_cairn() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' commands options valued argument word i
  COMPREPLY=()
  _cairn_node "$path"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case " $valued " in *" $word "*) i=$((i + 1)); continue ;; esac
    case " $commands " in *" $word "*) path="\${path:+$path }$word"; _cairn_node "$path" ;; esac
  done
  if ((i > COMP_CWORD)); then
    _cairn_value "$path:\${COMP_WORDS[COMP_CWORD - 1]}"
    return 0
  fi
  case $current in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *)
      COMPREPLY=($(compgen -W "$commands" -- "$current"))
      if [[ -z $commands && -n $argument ]]; then _cairn_value "$path:"; fi
      ;;
  esac
  return 0
}

complete -o filenames -F _cairn cairn
`;
}

function nodeCase({ path, commands, options, argument }: CompletionNode): string {
  const names = commands.map(({ name }) => name).join(' ');
  const flags = options.flatMap((option) => option.flags).join(' ');
  const valued = options
    .filter(({ value }) => value !== undefined)
    .flatMap((option) => option.flags)
    .join(' ');
  const known = argument === undefined || argument.kind === 'unknown' ? '' : 'yes';
  return `    '${path}') commands='${names}' options='${flags}' valued='${valued}' argument='${known}' ;;`;
}

/** A case per option and argument whose values are known, named \`path:flag\` and \`path:\`. */
function valueCases({ path, options, argument }: CompletionNode): string[] {
  const cases = options.flatMap(({ flags, value }) => flags.map((flag) => [`${path}:${flag}`, value] as const));
  return [...cases, [`${path}:`, argument] as const].flatMap(([name, value]) => {
    const action = value === undefined ? undefined : actionOf(value);
    return action === undefined ? [] : [`    '${name}') COMPREPLY=($(${action} -- "$current")) ;;`];
  });
}

function actionOf(value: CompletionValue): string | undefined {
  switch (value.kind) {
    case 'file':
      return 'compgen -f';
    case 'directory':
      return 'compgen -d';
    case 'choices':
      return `compgen -W '${value.choices.join(' ')}'`;
    case 'unknown':
      return undefined;
  }
}
