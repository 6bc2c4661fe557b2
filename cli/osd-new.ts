/** `cairn osd new`: an id, a key and a settings file for a new disk. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { parseNodeAddress } from '../protocol/address-text.js';
import { osdNew } from '../protocol/commands/osd.js';
import { clusterOf, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { needsTls } from './issued-key.js';
import { refuseExisting } from './monitor-init.js';
import { parseOsd } from './osd-arguments.js';
import { encodeOsdFile } from './osd-settings.js';
import { printJson } from './print-json.js';

interface NewOptions {
  readonly osd?: string;
  readonly directory?: string;
  readonly address: string;
  readonly clusterAddress?: string;
  readonly adminAddress?: string;
  readonly location?: string;
  readonly deviceClass?: string;
  readonly output: string;
  readonly json?: boolean;
}

export function addOsdNew(osd: Command, context: CliContext): void {
  osd
    .command('new')
    .description('Make an id and a key for a new disk, and write the settings file that its OSD runs with.')
    .option('--osd <osd>', 'the id: osd.3 or 3 (default: the lowest that is free)')
    .option('--directory <dir>', 'where the disk is mounted on its machine (default: /var/lib/cairn/osd.ID)')
    .requiredOption('--address <host:port>', 'where it will listen for clients')
    .option('--cluster-address <host:port>', 'where it will listen for other OSDs (default: --address)')
    .option('--admin-address <host:port>', 'where it will serve /metrics, /healthz and /readyz')
    .option('--location <type=name,...>', 'where it stands in CRUSH, such as host=a,rack=b (default: its machine)')
    .option('--device-class <class>', 'of the disk, such as ssd')
    .requiredOption('-o, --output <file>', 'the settings file, readable by you alone')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThen, on the machine of the disk, with that file: `cairn osd mkfs --conf FILE`, and `cairn osd run --conf FILE`.\n' +
        '\nExamples:\n  cairn osd new --address 10.0.0.5:6800 -o osd.yaml\n  cairn osd new --osd 3 --address 10.0.0.5:6803 --directory /mnt/disk3 --location host=a,rack=b -o osd.3.yaml --json',
    )
    .action((options: NewOptions, command: Command) => makeNew(options, command, context));
}

async function makeNew(options: NewOptions, command: Command, context: CliContext): Promise<void> {
  const { output, location, deviceClass } = options;
  const publicAddress = parseNodeAddress(options.address);
  const clusterAddress = options.clusterAddress === undefined ? undefined : parseNodeAddress(options.clusterAddress);
  const adminAddress = options.adminAddress === undefined ? undefined : parseNodeAddress(options.adminAddress);
  const asked = options.osd === undefined ? {} : { osd: parseOsd(options.osd) };
  if (options.directory !== undefined && !options.directory.startsWith('/')) {
    throw new CairnError('INVALID_ARGUMENT', `--directory is a path on the disk's machine: write it from / on`);
  }
  await refuseExisting(context.runtime('cli'), context.absolute(output));
  const issued = await withCluster(command, context, (client, wait) => client.change(osdNew, asked, wait));
  const { id, name, isNew } = issued;
  const directory = options.directory ?? `/var/lib/cairn/osd.${id}`;
  const file = encodeOsdFile({
    directory,
    publicAddress,
    clusterAddress,
    adminAddress,
    location: location?.split(','),
    deviceClass,
    credentials: issued,
  });
  await context.writeFile(output, file, { isPrivate: true });
  if (!isNew) context.note(`${name} has its key already; the file has the same one\n`);
  if ((await clusterOf(command, context))?.tls !== undefined) context.note(needsTls(name, output));
  if (options.json === true) printJson(context, { id, name, directory, conf: output });
  else {
    context.print(
      `made ${name}; on its machine:\n  cairn osd mkfs --conf ${output}\n  cairn osd run --conf ${output}\n`,
    );
  }
}
