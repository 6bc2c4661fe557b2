/** `cairn dev`: a whole cluster of real processes on this machine. */
import { type Command, InvalidArgumentError } from 'commander';
import { isCairnError } from '../base/errors.js';
import type { CliContext } from './context.js';
import { DevCluster } from './dev-cluster.js';

interface DevOptions {
  readonly mons: number;
  readonly osds: number;
  readonly hosts: number;
  readonly gateways: number;
  readonly port: number;
  readonly size: number;
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
    .option('--osds <n>', 'OSDs, in a later version', wholeNumber(0, 1000), 0)
    .option('--hosts <n>', 'virtual hosts that the OSDs stand on, in a later version', wholeNumber(1, 1000), 4)
    .option('--gateways <n>', 'S3 gateways, in a later version', wholeNumber(0, 100), 0)
    .option('--port <port>', 'of the first gateway, in a later version', wholeNumber(1, 65_535), 9000)
    .option('--size <n>', 'copies of everything, in a later version', wholeNumber(1, 16), 3)
    .option('--respawn', 'start daemons that die again')
    .addHelpText(
      'after',
      '\nWhen everything runs, a line `ready {...}` is printed. Process ids are in DIR/run/<daemon>.pid, logs in DIR/log.\n' +
        '\nExamples:\n  cairn dev\n  cairn dev --dir /tmp/cluster --mons 5 --respawn',
    )
    .action(async (options: DevOptions, command: Command) => {
      const { dir = context.env['CAIRN_DIR'] ?? './data' } = command.optsWithGlobals<{ dir?: string }>();
      if (options.osds > 0 || options.gateways > 0) {
        context.note('cairn: this version runs monitors only; OSDs and gateways are not started\n');
      }
      const cluster = await DevCluster.start(context, {
        directory: context.absolute(dir),
        monitors: options.mons,
        respawn: options.respawn === true,
      }).catch((error: unknown) => {
        if (isCairnError(error, 'CANCELLED')) return undefined;
        throw error;
      });
      if (cluster === undefined) return;
      context.print(`ready ${JSON.stringify({ endpoint: null, monitors: cluster.monitors })}\n`);
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
