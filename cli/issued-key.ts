/** How a key is handed to the one who asked for it: printed once, or as a file that `--conf` takes. */
import type { Command } from 'commander';
import { utf8Text } from '../base/bytes.js';
import { CairnError, isCairnError } from '../base/errors.js';
import type { Caps, IssuedKey } from '../protocol/commands/auth.js';
import { keyText } from '../protocol/credentials.js';
import type { TlsPaths } from '../runtime/node/tls-files.js';
import { clusterOf } from './cluster-command.js';
import { type ClusterConf, encodeClusterConf, readClusterConf } from './cluster-conf.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';

export interface KeyOptions {
  readonly output?: string;
  readonly json?: boolean;
}

export function addKeyOptions(command: Command): Command {
  return command
    .option(
      '-o, --output <file>',
      'write a configuration for --conf, readable by you alone, instead of printing the key',
    )
    .option('--json', 'print JSON');
}

/**
 * With `output` nothing of the key is printed, unless the file cannot be written: the key may be new, and the only one
 * that its owner, who may be ourselves, can still connect with.
 */
export async function deliverKey(
  command: Command,
  context: CliContext,
  issued: IssuedKey,
  options: KeyOptions,
): Promise<void> {
  const { name, caps, key } = issued;
  if (options.output !== undefined) {
    const tls = await tlsFor(command, context, issued, options.output);
    await writeConf(context, { ...issued, tls }, options.output);
    if (options.output !== '-') {
      context.note(`wrote ${options.output}, for you alone to read; use it with --conf ${options.output}\n`);
    }
    return;
  }
  if (options.json === true) printJson(context, { name, key: keyText(key), caps: Object.fromEntries(caps) });
  else context.print(entityText(name, caps, keyText(key)));
}

/** What to do in a cluster with TLS, before the file at `path` is of use. */
export function needsTls(name: string, path: string): string {
  return `the cluster uses TLS: add ca, cert and key to ${path}, under tls:, with a certificate whose common name is ${name}\n`;
}

/**
 * What to write as `tls:` for `name`. A file that is replaced keeps its own; whoever asks for his own key goes on with the
 * certificate that he used.
 */
async function tlsFor(
  command: Command,
  context: CliContext,
  { name, fsid }: IssuedKey,
  path: string,
): Promise<TlsPaths | undefined> {
  const before = path === '-' ? undefined : await present(context, path);
  if (before?.name === name && before.fsid === fsid && before.tls !== undefined) return before.tls;
  const used = await clusterOf(command, context);
  if (used?.tls === undefined) return undefined;
  if (used.conf.name === name) return used.tls;
  context.note(needsTls(name, path));
  return undefined;
}

/** `undefined` when it is not there, or none of ours: it is about to be written. */
function present(context: CliContext, path: string): Promise<ClusterConf | undefined> {
  return readClusterConf(context, path).catch((error: unknown) => {
    if (isCairnError(error)) return undefined;
    throw error;
  });
}

async function writeConf(context: CliContext, issued: IssuedKey & ClusterConf, path: string): Promise<void> {
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
