/** `cairn dev`: a whole cluster of real processes on this machine. */
import { type Command, InvalidArgumentError } from 'commander';
import { isCairnError } from '../base/errors.js';
import { parseBytes } from '../base/parse-bytes.js';
import type { CliContext } from './context.js';
import { DevCluster } from './dev-cluster.js';

interface DevOptions {
  readonly mons: number;
  readonly osds: number;
  readonly hosts: number;
  readonly gateways: number;
  readonly port: number;
  readonly size: number;
  readonly osdSize?: string;
  readonly respawn?: boolean;
}

export function addDev(program: Command, context: CliContext): void {
  program
    .command('dev')
    .description(
      'Run a whole cluster of real processes on this machine, until Ctrl-C. Its data stays in the directory named by ' +
        '--dir (default ./data), and the next run goes on with it.',
    )
    .option('--mons <n>', 'monitors', wholeNumber(1, 9), 3)
    .option('--osds <n>', 'OSDs', wholeNumber(0, 1000), 4)
    .option('--hosts <n>', 'virtual hosts that the OSDs stand on, one after the other', wholeNumber(1, 1000), 4)
    .option('--gateways <n>', 'S3 gateways, in a later version', wholeNumber(0, 100), 0)
    .option('--port <port>', 'of the first gateway, in a later version', wholeNumber(1, 65_535), 9000)
    .option('--size <n>', 'copies of everything in a new cluster', wholeNumber(1, 16), 3)
    .option('--osd-size <size>', "of each OSD's store (default: 10 GiB, less where the disk has less)")
    .option('--respawn', 'start daemons that die again')
    .addHelpText(
      'after',
      '\nWhen everything runs, a line `ready {...}` is printed. Process ids are in DIR/run/<daemon>.pid, logs in DIR/log.\n' +
        '\nExamples:\n  cairn dev\n  cairn dev --dir /tmp/cluster --osds 6 --hosts 3 --respawn\n  cairn dev --mons 1 --osds 0',
    )
    .action(async (options: DevOptions, command: Command) => {
      const { dir = context.env['CAIRN_DIR'] ?? './data' } = command.optsWithGlobals<{ dir?: string }>();
      if (options.gateways > 0) context.note('cairn: this version has no gateways yet; none is started\n');
      if (options.osds > 0 && Math.min(options.osds, options.hosts) < options.size) {
        context.note(`cairn: ${options.size} copies want as many hosts with an OSD; PGs will have fewer copies\n`);
      }
      const cluster = await DevCluster.start(context, {
        directory: context.absolute(dir),
        monitors: options.mons,
        osds: options.osds,
        hosts: options.hosts,
        size: options.size,
        osdBytes: options.osdSize === undefined ? undefined : parseBytes(options.osdSize),
        respawn: options.respawn === true,
      }).catch((error: unknown) => {
        if (isCairnError(error, 'CANCELLED')) return undefined;
        throw error;
      });
      if (cluster === undefined) return;
      context.print(`ready ${JSON.stringify({ endpoint: null, monitors: cluster.monitors, osds: cluster.osds })}\n`);
      context.note(`cairn: the cluster runs; ask it with \`cairn status --dir ${dir}\`, stop it with Ctrl-C\n`);
      await cluster.stopped;
    });
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]{1,6}$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`give a whole number from ${min} to ${max}.`);
  };
}
