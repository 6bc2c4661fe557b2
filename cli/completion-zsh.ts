/** Completion for zsh, with what each command and option does. */
import type { CompletionNode, CompletionValue } from './completion-tree.js';

export function zshCompletion(nodes: readonly CompletionNode[]): string {
  return `#compdef cairn
# cairn completion for zsh. Load it with: source <(cairn completion zsh)
_cairn_node() {
  case $1 in
${nodes.map(nodeCase).join('\n')}
  esac
}

_cairn_value() {
  case $1 in
${nodes.flatMap(valueCases).join('\n')}
  esac
}

_cairn() {
  local at='' word i
  local -a commands options valued
  _cairn_node "$at"
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if (( \${valued[(Ie)$word]} )); then
      i=$((i + 1))
    elif (( \${commands[(I)\${(b)word}:*]} )); then
      at="\${at:+$at }$word"
      _cairn_node "$at"
    fi
  done
  if (( i > CURRENT )); then
    _cairn_value "$at:$words[CURRENT-1]"
  elif [[ $words[CURRENT] == -* ]]; then
    _describe -o option options
  elif (( $#commands )); then
    _describe command commands
  else
    _cairn_value "$at:"
  fi
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _cairn "$@"
else
  compdef _cairn cairn
fi
`;
}

function nodeCase({ path, commands, options }: CompletionNode): string {
  const names = commands.map(({ name, description }) => described(name, description));
  const flags = options.flatMap((option) => option.flags.map((flag) => described(flag, option.description)));
  const valued = options.filter(({ value }) => value !== undefined).flatMap((option) => option.flags);
  return `    (${quoted(path)}) commands=(${names.join(' ')}) options=(${flags.join(' ')}) valued=(${valued.join(' ')}) ;;`;
}

function valueCases({ path, options, argument }: CompletionNode): string[] {
  const cases = options.flatMap(({ flags, value }) => flags.map((flag) => [`${path}:${flag}`, value] as const));
  return [...cases, [`${path}:`, argument] as const].flatMap(([name, value]) => {
    const action = value === undefined ? undefined : actionOf(value);
    return action === undefined ? [] : [`    (${quoted(name)}) ${action} ;;`];
  });
}

function actionOf(value: CompletionValue): string | undefined {
  switch (value.kind) {
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'choices':
      return `compadd -- ${value.choices.join(' ')}`;
    case 'unknown':
      return undefined;
  }
}

/** \`name:description\`; a colon of the name's own would end it. */
function described(name: string, description: string): string {
  return quoted(`${name.replaceAll(':', '\\:')}:${description}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
