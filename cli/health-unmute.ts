/** `cairn health unmute`: a check counts again. */
import type { Command } from 'commander';
import { healthUnmute } from '../protocol/commands/status.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';

export function addHealthUnmute(health: Command, context: CliContext): void {
  health
    .command('unmute')
    .description('Let a muted check count again.')
    .argument('<code>', 'such as OSD_DOWN')
    .addHelpText('after', '\nExamples:\n  cairn health unmute OSD_DOWN')
    .action(async (code: string, _options: unknown, command: Command) => {
      const { wasMuted } = await withCluster(command, context, (client, wait) =>
        client.change(healthUnmute, { code }, wait),
      );
      context.note(wasMuted ? `${code} counts again\n` : `${code} was not muted\n`);
    });
}
