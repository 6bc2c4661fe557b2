/** `cairn monitor init`: the first monitor of a new cluster. */
import type { Command } from 'commander';
import { parseNodeAddress } from '../protocol/address-text.js';
import { keepFilesPrivate } from '../runtime/node/private-files.js';
import { initCluster, removeStore } from '../monitor/daemon/boot.js';
import { monitorNamePattern } from '../protocol/commands/mon.js';
import { CairnError, isCairnError } from '../base/errors.js';
import type { Runtime } from '../runtime/runtime.js';
import { encodeClusterConf, tlsIn } from './cluster-conf.js';
import type { CliContext } from './context.js';
import { needsTls } from './issued-key.js';
import { encodeMonitorFile } from './monitor-settings.js';
import { tlsFlags, wholeTls } from './tls-choice.js';

interface InitOptions {
  readonly name: string;
  readonly address: string;
  readonly directory: string;
  readonly adminAddress?: string;
  readonly adminConf: string;
  readonly json?: boolean;
}

export function addMonitorInit(monitor: Command, context: CliContext): void {
  monitor
    .command('init')
    .description(
      'Make a new cluster: the directory of its first monitor, the file to run that with, and the file of client.admin. ' +
        'Further monitors join it (`cairn mon add`).',
    )
    .requiredOption('--name <name>', 'of the monitor, such as a')
    .requiredOption('--address <host:port>', 'where it will listen, as others reach it')
    .requiredOption('--directory <dir>', 'where it will keep its data')
    .option('--admin-address <host:port>', 'where it will serve /metrics and /healthz')
    .requiredOption('--admin-conf <file>', "where to write client.admin's file, for `cairn --conf`")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe file named by --conf is written for the monitor; keep it on another disk than the directory.\n' +
        'With --tls-ca, --tls-cert and --tls-key the cluster uses TLS: every monitor and client needs a certificate then.\n' +
        '\nExamples:\n  cairn monitor init --name a --address 10.0.0.1:7000 --directory /var/lib/cairn/mon.a --conf /etc/cairn/mon.a.yaml --admin-conf /etc/cairn/admin.yaml --json',
    )
    .action(async (options: InitOptions, command: Command) => {
      const { conf } = command.optsWithGlobals<{ conf?: string }>();
      if (conf === undefined)
        throw new CairnError('INVALID_ARGUMENT', 'name the file for the monitor with --conf FILE');
      const { name } = options;
      const directory = context.absolute(options.directory);
      checkMonitorName(name);
      const address = parseNodeAddress(options.address);
      const adminAddress = options.adminAddress === undefined ? undefined : parseNodeAddress(options.adminAddress);
      const tls = wholeTls(tlsFlags(command, context));
      const runtime = context.runtime('cli');
      for (const path of [conf, options.adminConf]) await refuseExisting(runtime, path);
      keepFilesPrivate();
      const { monitor: credentials, admin } = await initCluster(runtime, { directory, name, address });
      try {
        const inFile = tlsIn(context.absolute(conf), tls);
        const file = encodeMonitorFile({ name, directory, address, adminAddress, credentials, tls: inFile });
        await context.writeFile(conf, file, { isPrivate: true });
        await context.writeFile(options.adminConf, encodeClusterConf(admin), { isPrivate: true });
      } catch (error) {
        // A cluster whose keys nobody has is of no use, and would be in the way of the next attempt.
        await removeStore(runtime, directory);
        throw error;
      }
      const { fsid } = credentials;
      if (tls !== undefined) context.note(needsTls(admin.name, options.adminConf));
      context.print(
        options.json === true
          ? `${JSON.stringify({ fsid, conf, adminConf: options.adminConf }, undefined, 2)}\n`
          : `made cluster ${fsid} with mon.${name}\nstart it:  cairn monitor run --conf ${conf}\nthen ask:  cairn --conf ${options.adminConf} status\n`,
      );
    });
}

/** It may hold the only copy of another cluster's key. */
export async function refuseExisting({ disk }: Pick<Runtime, 'disk'>, path: string): Promise<void> {
  let kind;
  try {
    ({ kind } = await disk.stat(path));
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return;
    throw error;
  }
  if (kind !== 'file') return;
  throw new CairnError('EXISTS', `${path} exists, and may hold a key; move it away, or name another file`);
}

export function checkMonitorName(name: string): void {
  if (monitorNamePattern.test(name)) return;
  throw new CairnError(
    'INVALID_ARGUMENT',
    `"${name.slice(0, 40)}" is no name for a monitor; use up to 32 letters, digits and dashes`,
  );
}
