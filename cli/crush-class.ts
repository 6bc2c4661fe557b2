/** `cairn crush class ls`, `class ls-osd`, `set-device-class` and `rm-device-class`. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { byId } from '../crush/text-printer.js';
import { crushRmDeviceClass, crushSetDeviceClass } from '../protocol/commands/crush.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { withClusterCrush } from './crush-of-cluster.js';
import { printJson } from './print-json.js';

export function addCrushClass(crush: Command, context: CliContext): void {
  const group = crush.command('class').description('Device classes of the map of the cluster.');
  addLs(group, context);
  addLsOsd(group, context);
}

function addLs(group: Command, context: CliContext): void {
  const command = group.command('ls').description('List the device classes.');
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn crush class ls')
    .action(async (options: { json?: boolean }) => {
      await withClusterCrush(command, context, (map) => printNames(context, byId(map.classes), options));
    });
}

function addLsOsd(group: Command, context: CliContext): void {
  const command = group.command('ls-osd').description('List the OSDs of a device class.');
  command
    .argument('<class>', 'such as ssd')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn crush class ls-osd ssd')
    .action(async (deviceClass: string, options: { json?: boolean }) => {
      await withClusterCrush(command, context, (map) => {
        const known = byId(map.classes);
        if (!known.includes(deviceClass)) {
          const hint = known.length === 0 ? 'no OSD has a class yet' : `there are ${known.join(', ')}`;
          throw new CairnError('NOT_FOUND', `no device class is called ${deviceClass}; ${hint}`);
        }
        const devices = byId(map.devices).filter((device) => device.deviceClass === deviceClass);
        printNames(
          context,
          devices.map(({ name }) => name),
          options,
        );
      });
    });
}

export function addCrushSetDeviceClass(crush: Command, context: CliContext): void {
  const command = crush.command('set-device-class').description('Give OSDs without a class one.');
  command
    .argument('<class>', 'such as ssd')
    .argument('<osds...>', 'osd.3 or 3')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nAn OSD that has a class keeps it until `cairn crush rm-device-class`, so that nobody moves one by a slip.\n' +
        '\nExamples:\n  cairn crush set-device-class ssd osd.3 osd.4',
    )
    .action(async (deviceClass: string, osds: string[], options: { json?: boolean }) => {
      const args = { deviceClass, devices: osds.map(deviceName) };
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(crushSetDeviceClass, args, wait), options);
      });
    });
}

export function addCrushRmDeviceClass(crush: Command, context: CliContext): void {
  const command = crush.command('rm-device-class').description('Take the device class off OSDs.');
  command
    .argument('<osds...>', 'osd.3 or 3')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn crush rm-device-class osd.3 osd.4')
    .action(async (osds: string[], options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const args = { devices: osds.map(deviceName) };
        printReport(context, await client.change(crushRmDeviceClass, args, wait), options);
      });
    });
}

function deviceName(text: string): string {
  return /^[0-9]+$/.test(text) ? `osd.${text}` : text;
}

export function printNames(context: CliContext, names: readonly string[], options: { readonly json?: boolean }): void {
  if (options.json === true) printJson(context, names);
  else context.print(names.map((name) => `${name}\n`).join(''));
}
