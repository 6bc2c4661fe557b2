/** `cairn pg parked drop`: gives up writes that a failover cut off. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import type { CairnClient } from '../client/client.js';
import type { OsdId, PgId } from '../cluster/ids.js';
import { printPgId } from '../cluster/ids.js';
import { parkedPageMax } from '../protocol/parked.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { CliContext } from './context.js';
import { withClient } from './object-client.js';
import { parseOsd, parsePg } from './osd-arguments.js';
import { checkPg, findParked, noteSilent, notParked, type ParkedCopy, parseVersion } from './parked-copies.js';
import { printJson } from './print-json.js';
import { addYesOption, saidYes, type YesOptions } from './yes-option.js';

interface Options extends YesOptions {
  readonly all?: boolean;
  readonly osd?: string;
  readonly json?: boolean;
}

export function addPgParkedDrop(parked: Command, context: CliContext): void {
  const command = addYesOption(parked.command('drop'));
  command
    .description('Give up writes that a failover cut off, for ever, at every OSD that keeps them.')
    .argument('<pg>', 'such as 1.2f')
    .argument('[versions...]', 'of objects, as `cairn pg parked ls` shows them')
    .option('--all', 'all that is parked of the PG now')
    .option('--osd <osd>', 'only what this OSD keeps')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn pg parked drop 1.2f 12.345 --yes\n  cairn pg parked drop 1.2f --all\n  cairn pg parked drop 1.2f --all --osd 3 --yes',
    )
    .action(async (name: string, versions: string[], options: Options) => {
      const pg = parsePg(name);
      const osd = options.osd === undefined ? undefined : parseOsd(options.osd);
      const wanted = versions.map(parseVersion);
      if (wanted.length > 0 === (options.all === true)) {
        throw new CairnError('INVALID_ARGUMENT', 'name versions as `cairn pg parked ls` shows them, or else --all');
      }
      await withClient(command, context, async (client, wait) => {
        await checkPg(client, pg, wait);
        const found = await findParked(client, { pools: [pg.pool], pg: pg.pg, osd }, wait);
        noteSilent(context, found);
        const isWanted = (copy: ParkedCopy): boolean =>
          options.all === true || wanted.some(({ term, seq }) => copy.term === term && copy.seq === seq);
        const copies = found.copies.filter(isWanted);
        for (const { term, seq } of wanted) {
          if (!copies.some((copy) => copy.term === term && copy.seq === seq)) throw notParked(pg, `${term}.${seq}`);
        }
        if (copies.length > 0 && !saidYes(options)) throw new CairnError('CONFLICT', whatGoes(pg, copies));
        const dropped = await dropAll(client, pg, copies, wait);
        if (options.json === true)
          printJson(context, { pgid: name, dropped, not_asked: found.silent.map((one) => one.osd) });
        else context.note(`dropped ${counted(dropped)} of pg ${name}\n`);
      });
    });
}

function whatGoes(pg: PgId, copies: readonly ParkedCopy[]): string {
  const acknowledged = copies.reduce((sum, copy) => sum + copy.acknowledged, 0);
  const loss = acknowledged === 0 ? '' : `, with ${acknowledged} writes that clients were told of`;
  const osds = [...new Set(copies.map(({ osd }) => `osd.${osd}`))].join(', ');
  return `${counted(copies.length)} of pg ${printPgId(pg)} at ${osds} would go for ever${loss}; add --yes if you mean it`;
}

function counted(copies: number): string {
  return `${copies} parked ${copies === 1 ? 'object' : 'objects'}`;
}

async function dropAll(
  client: CairnClient,
  { pool, pg }: PgId,
  copies: readonly ParkedCopy[],
  wait: () => WaitOptions,
): Promise<number> {
  const byOsd = new Map<OsdId, (readonly [number, number])[]>();
  for (const { osd, term, seq } of copies) byOsd.set(osd, [...(byOsd.get(osd) ?? []), [term, seq]]);
  let dropped = 0;
  for (const [osd, versions] of byOsd) {
    for (let at = 0; at < versions.length; at += parkedPageMax) {
      dropped += await client.dropParked(osd, { pool, pg, versions: versions.slice(at, at + parkedPageMax) }, wait());
    }
  }
  return dropped;
}
