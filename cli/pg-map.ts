/** `cairn pg map` and `stat`. */
import type { Command } from 'commander';
import { pgMap, pgStat } from '../protocol/commands/pg.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parsePg } from './osd-arguments.js';
import { pgJson } from './pg-ls.js';
import { recoveryText } from './recovery-text.js';
import { printJson } from './print-json.js';

export function addPgMap(pg: Command, context: CliContext): void {
  const command = pg.command('map').description('Show on which OSDs a PG should be, and on which it is.');
  command
    .argument('<pg>', 'such as 1.2f')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn pg map 1.2f')
    .action(async (name: string, options: { json?: boolean }) => {
      const args = { pg: parsePg(name) };
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(pgMap, args, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        const { epoch, isStale, result } = answer;
        if (options.json === true) printJson(context, { epoch, ...pgJson(result), stale: isStale });
        else {
          const { up, acting } = result;
          context.print(`osdmap e${epoch} pg ${result.pg} -> up [${up.join(',')}] acting [${acting.join(',')}]\n`);
        }
      });
    });
}

export function addPgStat(pg: Command, context: CliContext): void {
  const command = pg.command('stat').description('Count the PGs by state, and show how pools recover.');
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn pg stat')
    .action(async (options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(pgStat, {}, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        const { pgs, states, recovering } = answer.result;
        if (options.json === true) {
          const counts = Object.fromEntries(states.map((one) => [one.state, one.pgs]));
          printJson(context, { num_pgs: pgs, states: counts, recovering_pools: recovering, stale: answer.isStale });
          return;
        }
        const counts = states.map((one) => `${one.pgs} ${one.state}`).join(', ');
        context.print(`${pgs} pgs${counts === '' ? '' : `: ${counts}`}\n`);
        for (const pool of recovering) context.print(`pool ${pool.pool_name}: ${recoveryText(pool)}\n`);
      });
    });
}
