/** `cairn auth ls`: everybody who has a key, without the keys. */
import type { Command } from 'commander';
import type { WaitOptions } from '../runtime/clock.js';
import { type AuthEntity, authLs } from '../protocol/commands/auth.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';
import { formatTable } from './table.js';

export function addAuthLs(auth: Command, context: CliContext): void {
  auth
    .command('ls')
    .description('List everybody who has a key, with capabilities. Keys are not shown: see `cairn auth get`.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn auth ls\n  cairn auth ls --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const entities = await withCluster(command, context, listAll);
      if (options.json === true) {
        printJson(context, { entities: entities.map(({ name, caps }) => ({ name, caps: Object.fromEntries(caps) })) });
      } else {
        context.print(entityTable(entities));
      }
    });
}

/** Page by page: changes between two pages may or may not show. */
async function listAll(client: MonitorClient, wait: WaitOptions): Promise<AuthEntity[]> {
  const all: AuthEntity[] = [];
  for (;;) {
    const { result } = await client.query(authLs, { after: all.at(-1)?.name ?? '' }, wait);
    all.push(...result.entities);
    if (!result.hasMore || result.entities.length === 0) return all;
  }
}

/** One line per capability, the name on the first. */
function entityTable(entities: readonly AuthEntity[]): string {
  const rows = entities.flatMap(({ name, caps }) =>
    caps.length === 0 ? [[name, '-', '-']] : caps.map(([service, cap], i) => [i === 0 ? name : '', service, cap]),
  );
  return formatTable([{ title: 'NAME' }, { title: 'SERVICE' }, { title: 'CAPABILITY' }], rows);
}
