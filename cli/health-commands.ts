/** `cairn health ...`: what is wrong, and what shall not count. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { nearest } from '../base/nearest.js';
import { clusterHealth } from '../protocol/commands/status.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { addHealthMute } from './health-mute.js';
import { healthDetail, healthLine } from './health-text.js';
import { addHealthUnmute } from './health-unmute.js';
import { printable } from './log-line.js';
import { printJson } from './print-json.js';

export function registerHealthCommands(program: Command, context: CliContext): void {
  const health = program
    .command('health')
    .description('Say whether the cluster is well, and if not, why. `detail` names what is concerned and what to do.');
  addShow(health, context, { name: 'summary', detail: false });
  addShow(health, context, { name: 'detail', detail: true });
  addHealthMute(health, context);
  addHealthUnmute(health, context);
}

/** `cairn health` alone is the summary. */
function addShow(health: Command, context: CliContext, { name, detail }: { name: string; detail: boolean }): void {
  const description = detail
    ? 'Every check that is raised: what is concerned, and what to do about it.'
    : 'One line: the status, and what is wrong (the default).';
  const alone = detail ? '' : '  cairn health\n  cairn health --json\n';
  health
    .command(name, { isDefault: !detail })
    .description(description)
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExamples:\n${alone}  cairn health ${name}\n  cairn health ${name} --json`)
    // Whatever is no command of `health` comes here, as the summary's arguments: it says so better than commander would.
    .allowExcessArguments(!detail)
    .action(async (options: { json?: boolean }, command: Command) => {
      refuseUnknown(health, command.args);
      const answer = await withCluster(command, context, (client, wait) =>
        client.query(clusterHealth, { detail }, { ...wait, mayBeStale: true }),
      );
      noteStale(context, answer);
      if (options.json === true) printJson(context, { ...answer.result, stale: answer.isStale });
      else context.print(detail ? healthDetail(context, answer.result) : healthLine(context, answer.result));
    });
}

function refuseUnknown(health: Command, [word]: readonly string[]): void {
  if (word === undefined) return;
  const known = health.commands.map((one) => one.name());
  const near = nearest(word, known);
  const hint = near === undefined ? `choose one of ${known.join(', ')}` : `did you mean ${near}?`;
  throw new CairnError('INVALID_ARGUMENT', `health has no command "${printable(word).slice(0, 40)}"; ${hint}`);
}
