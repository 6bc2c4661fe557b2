/** How a key is handed to the one who asked for it: printed once, or as a file that `--conf` takes. */
import type { Caps, IssuedKey } from '../protocol/commands/auth.js';
import { keyText } from '../protocol/credentials.js';
import { encodeClusterConf } from './cluster-conf.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';

export interface KeyOptions {
  readonly output?: string;
  readonly json?: boolean;
}

/** With `output` nothing of the key is printed. */
export async function deliverKey(context: CliContext, issued: IssuedKey, options: KeyOptions): Promise<void> {
  const { name, caps, key } = issued;
  if (options.output !== undefined) {
    await context.writeFile(options.output, encodeClusterConf(issued), { isPrivate: true });
    if (options.output !== '-') {
      context.note(`wrote ${options.output}, for you alone to read; use it with --conf ${options.output}\n`);
    }
    return;
  }
  if (options.json === true) printJson(context, { name, key: keyText(key), caps: Object.fromEntries(caps) });
  else context.print(entityText(name, caps, keyText(key)));
}

/** As `ceph auth ls` prints it. */
export function entityText(name: string, caps: Caps, key?: string): string {
  const lines = [...(key === undefined ? [] : [`key: ${key}`]), ...caps.map((cap) => `caps: [${cap[0]}] ${cap[1]}`)];
  return `${name}\n${lines.map((line) => `\t${line}\n`).join('')}`;
}
