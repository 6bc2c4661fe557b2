/** `cairn versions`: which programs are running. */
import type { Command } from 'commander';
import { type DaemonVersions, daemonVersions } from '../protocol/commands/status.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';
import { formatTable } from './table.js';

export function registerVersionsCommand(program: Command, context: CliContext): void {
  program
    .command('versions')
    .description('Count the daemons by the version that they run, to watch an upgrade.')
    .option('--json', 'print JSON, as `ceph versions` has it')
    .addHelpText('after', '\nExamples:\n  cairn versions\n  cairn versions --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const answer = await withCluster(command, context, (client, wait) =>
        client.query(daemonVersions, {}, { ...wait, mayBeStale: true }),
      );
      noteStale(context, answer);
      const { versions } = answer.result;
      if (options.json === true) {
        printJson(context, { ...plain(versions), stale: answer.isStale });
        return;
      }
      const rows = versions.map(({ type, version, count }) => [type, version, String(count)]);
      context.print(formatTable([{ title: 'DAEMON' }, { title: 'VERSION' }, { title: 'COUNT', align: 'right' }], rows));
    });
}

/** A count per version, per kind of daemon and overall. */
function plain(versions: readonly DaemonVersions[]): Record<string, Record<string, number>> {
  const byType: Record<string, Record<string, number>> = {};
  for (const { type, version, count } of versions) {
    for (const key of [type, 'overall']) {
      const counts = (byType[key] ??= {});
      counts[version] = (counts[version] ?? 0) + count;
    }
  }
  return byType;
}
