/** `cairn monitor join`: the file of a monitor that joins a cluster, from the token that `cairn mon add` printed. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { parseNodeAddress } from '../protocol/address-text.js';
import { decodeJoinToken } from '../protocol/join-token.js';
import { tlsIn } from './cluster-conf.js';
import type { CliContext } from './context.js';
import { refuseExisting } from './monitor-init.js';
import { encodeMonitorFile } from './monitor-settings.js';
import { tlsFlags, wholeTls } from './tls-choice.js';

interface JoinOptions {
  readonly address: string;
  readonly directory: string;
  readonly adminAddress?: string;
  readonly json?: boolean;
}

export function addMonitorJoin(monitor: Command, context: CliContext): void {
  monitor
    .command('join')
    .description(
      'Write the file of a monitor that joins a cluster. It joins when it is started: as a learner, which gets a vote ' +
        'once it has caught up.',
    )
    .argument('<token>', 'what `cairn mon add NAME` printed, - for stdin')
    .requiredOption('--address <host:port>', 'where it will listen, as others reach it')
    .requiredOption('--directory <dir>', 'where it will keep its data')
    .option('--admin-address <host:port>', 'where it will serve /metrics and /healthz')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe file named by --conf is written for the monitor; keep it on another disk than the directory.\n' +
        'In a cluster with TLS name the certificate of the new monitor with --tls-ca, --tls-cert and --tls-key.\n' +
        '\nExamples:\n  cairn monitor join TOKEN --address 10.0.0.2:7000 --directory /var/lib/cairn/mon.b --conf /etc/cairn/mon.b.yaml --json',
    )
    .action(async (token: string, options: JoinOptions, command: Command) => {
      const { conf } = command.optsWithGlobals<{ conf?: string }>();
      if (conf === undefined)
        throw new CairnError('INVALID_ARGUMENT', 'name the file for the monitor with --conf FILE');
      const text = token === '-' ? new TextDecoder().decode(await context.readFile('-', 65_536)).trim() : token;
      const credentials = decodeJoinToken(text);
      if (!credentials.name.startsWith('mon.')) {
        throw new CairnError(
          'INVALID_ARGUMENT',
          `the token is for ${credentials.name}; make one with \`cairn mon add\``,
        );
      }
      const name = credentials.name.slice('mon.'.length);
      const address = parseNodeAddress(options.address);
      const adminAddress = options.adminAddress === undefined ? undefined : parseNodeAddress(options.adminAddress);
      const directory = context.absolute(options.directory);
      await refuseExisting(context.runtime('cli'), conf);
      const tls = tlsIn(context.absolute(conf), wholeTls(tlsFlags(command, context)));
      const file = encodeMonitorFile({ name, directory, address, adminAddress, credentials, tls });
      await context.writeFile(conf, file, { isPrivate: true });
      context.print(
        options.json === true
          ? `${JSON.stringify({ name, conf }, undefined, 2)}\n`
          : `wrote ${conf}\nstart it:  cairn monitor run --conf ${conf}\n`,
      );
    });
}
