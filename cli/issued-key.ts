/** How a key is handed to the one who asked for it: printed once, or as a file that `--conf` takes. */
import { utf8Text } from '../base/bytes.js';
import { CairnError, isCairnError } from '../base/errors.js';
import type { Caps, IssuedKey } from '../protocol/commands/auth.js';
import { keyText } from '../protocol/credentials.js';
import { encodeClusterConf } from './cluster-conf.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';

export interface KeyOptions {
  readonly output?: string;
  readonly json?: boolean;
}

/**
 * With `output` nothing of the key is printed, unless the file cannot be written: the key may be new, and the only one
 * that its owner, who may be ourselves, can still connect with.
 */
export async function deliverKey(context: CliContext, issued: IssuedKey, options: KeyOptions): Promise<void> {
  const { name, caps, key } = issued;
  if (options.output !== undefined) {
    await writeConf(context, issued, options.output);
    if (options.output !== '-') {
      context.note(`wrote ${options.output}, for you alone to read; use it with --conf ${options.output}\n`);
    }
    return;
  }
  if (options.json === true) printJson(context, { name, key: keyText(key), caps: Object.fromEntries(caps) });
  else context.print(entityText(name, caps, keyText(key)));
}

async function writeConf(context: CliContext, issued: IssuedKey, path: string): Promise<void> {
  const conf = encodeClusterConf(issued);
  try {
    await context.writeFile(path, conf, { isPrivate: true });
  } catch (error) {
    context.print(utf8Text(conf));
    if (!isCairnError(error)) throw error;
    throw new CairnError(error.code, `${error.message}; the file is printed instead: keep it`, { cause: error });
  }
}

/** As `ceph auth ls` prints it. */
export function entityText(name: string, caps: Caps, key?: string): string {
  const lines = [...(key === undefined ? [] : [`key: ${key}`]), ...caps.map((cap) => `caps: [${cap[0]}] ${cap[1]}`)];
  return `${name}\n${lines.map((line) => `\t${line}\n`).join('')}`;
}
