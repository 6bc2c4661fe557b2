/** `cairn health mute`: a check that is known and shall not count. */
import type { Command } from 'commander';
import { wallMs } from '../base/instants.js';
import { parseDuration } from '../base/parse-duration.js';
import { utcText } from '../base/utc-text.js';
import { healthMute } from '../protocol/commands/status.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';

export function addHealthMute(health: Command, context: CliContext): void {
  health
    .command('mute')
    .description(
      'Let a check not count: it is shown, and the status is that of the others. It ends after the time given, when the\n' +
        'check clears or gets worse, or with `cairn health unmute`. A sticky one outlives clearing and getting worse.',
    )
    .argument('<code>', 'such as OSD_DOWN, see `cairn health detail`')
    .argument('[ttl]', 'for how long, such as 30m, 4h or 2d')
    .option('--sticky', 'go on when the check clears or gets worse')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn health mute OSD_DOWN 4h\n  cairn health mute OSDMAP_FLAGS\n  cairn health mute OSD_DOWN 2d --sticky',
    )
    .action(async (code: string, ttl: string | undefined, options: { sticky?: boolean }, command: Command) => {
      const isSticky = options.sticky === true;
      const args = { code, isSticky, ...(ttl === undefined ? {} : { ttlMs: parseDuration(ttl) }) };
      const { until } = await withCluster(command, context, (client, wait) => client.change(healthMute, args, wait));
      const end = until === undefined ? '' : ` until ${utcText(wallMs(until))}`;
      context.note(`muted ${code}${end}${isSticky ? ', sticky' : ''}\n`);
    });
}
