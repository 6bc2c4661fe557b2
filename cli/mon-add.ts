/** `cairn mon add`: the ticket for one more monitor. */
import type { Command } from 'commander';
import { parseNodeAddress, printAddress } from '../protocol/address-text.js';
import { monAdd } from '../protocol/commands/mon.js';
import { encodeJoinToken } from '../protocol/join-token.js';
import { clusterOf, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';

interface Options {
  readonly address?: string;
  readonly json?: boolean;
}

export function addMonAdd(mon: Command, context: CliContext): void {
  mon
    .command('add')
    .description(
      'Make a join token for a new monitor, and print the commands to run on its machine.\n\n' +
        'The token holds a key: who has it can join as that monitor. Until it has joined, the same name gets the same\n' +
        'token; `cairn auth rm mon.NAME` makes it worthless. The number of monitors should be odd: an even one survives no more failures than one less.',
    )
    .argument('<name>', 'a name that no monitor has yet, such as d')
    .option('--address <host:port>', 'where it will listen for the others and for clients')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn mon add d\n  cairn mon add d --address 10.0.0.4:7000\n  cairn mon add store-5 --json',
    )
    .action(async (given: string, options: Options, command: Command) => {
      const name = given.replace(/^mon\./, '');
      const address = options.address === undefined ? undefined : parseNodeAddress(options.address);
      const issued = await withCluster(command, context, (client, wait) =>
        client.change(monAdd, { name, ...(address === undefined ? {} : { address }) }, wait),
      );
      const token = encodeJoinToken(issued);
      const { tls } = (await clusterOf(command, context)) ?? {};
      const where = address === undefined ? undefined : printAddress(address);
      const run = joinCommand(name, token, where, tls === undefined ? '' : tlsPlaces(name));
      if (options.json === true) {
        printJson(context, { name: issued.name, token, command: run, isNew: issued.isNew });
        return;
      }
      context.note(
        `mon.${name} ${issued.isNew ? 'may join' : 'was added before and has not joined yet'}; run on its machine:\n`,
      );
      context.print(`${run}\n`);
    });
}

/** The certificate has to be made first; these are the places beside the settings file. */
function tlsPlaces(name: string): string {
  return ` --tls-ca /etc/cairn/ca.pem --tls-cert /etc/cairn/mon.${name}-cert.pem --tls-key /etc/cairn/mon.${name}-key.pem`;
}

function joinCommand(name: string, token: string, address: string | undefined, tls: string): string {
  const conf = `/etc/cairn/mon.${name}.yaml`;
  const place = `--conf ${conf} --directory /var/lib/cairn/mon.${name} --address ${address ?? 'HOST:PORT'}`;
  return `cairn monitor join ${token} ${place}${tls}\ncairn monitor run --conf ${conf}`;
}
