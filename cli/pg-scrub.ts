/** `cairn pg scrub`, `deep-scrub`, `repair`, and `scrub-report`. */
import type { Command } from 'commander';
import { CairnError, isCairnError } from '../base/errors.js';
import { wallMs } from '../base/instants.js';
import { utcText } from '../base/utc-text.js';
import type { CairnClient } from '../client/client.js';
import type { PgId } from '../cluster/ids.js';
import { pgMap } from '../protocol/commands/pg.js';
import type { FinishedScrub, PgScrubReply, ScrubFinding, ScrubKind } from '../protocol/pg-scrub.js';
import type { WaitOptions } from '../runtime/clock.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { printable } from './log-line.js';
import { withClient } from './object-client.js';
import { parsePg } from './osd-arguments.js';
import { printJson } from './print-json.js';
import { type Column, formatTable } from './table.js';

interface Words {
  readonly description: string;
  readonly started: string;
}

const kinds: Readonly<Record<ScrubKind, Words>> = {
  scrub: {
    description: 'Compare versions, sizes, attributes and keys of all copies of PGs now.',
    started: 'is to be scrubbed',
  },
  'deep-scrub': {
    description: 'Read and compare every byte of all copies of PGs now, and heal what checksums decide.',
    started: 'is to be deep-scrubbed',
  },
  repair: {
    description: 'Deep-scrub PGs, and also heal copies where the log or the majority has to decide who is right.',
    started: 'is to be repaired',
  },
};

/** How often it is asked how far a scrub is. */
const pollMs = 500;

interface Options {
  readonly wait?: boolean;
  readonly json?: boolean;
}

export function addPgScrubs(pg: Command, context: CliContext): void {
  for (const kind of ['scrub', 'deep-scrub', 'repair'] as const) addPgScrub(pg, context, kind);
  addScrubReport(pg, context);
}

function addPgScrub(pg: Command, context: CliContext, kind: ScrubKind): void {
  const command = pg.command(kind);
  const { description, started } = kinds[kind];
  command
    .description(description)
    .argument('<pgs...>', 'such as 1.2f')
    .option('--wait', 'until it is done, however long that takes, and print what was found')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nAn OSD scrubs one PG at a time (osd_max_scrubs), slowly while clients are active.\n\nExamples:\n  cairn pg ${kind} 1.2f\n  cairn pg ${kind} 1.2f 1.30 --wait`,
    )
    .action(async (names: string[], options: Options) => {
      await withClient(command, context, async (client, wait) => {
        const asked: Asked[] = [];
        for (const name of names) {
          const id = parsePg(name);
          await client.monitors.query(pgMap, { pg: id }, { ...wait(), mayBeStale: true });
          const { osd, term, number } = await client.scrubPg(id, kind, wait());
          asked.push({ name, id, osd, term, number });
        }
        if (options.wait !== true) {
          if (options.json === true)
            printJson(context, { asked: asked.map(({ name, osd }) => ({ pgid: name, kind, osd })) });
          else for (const { name, osd } of asked) context.print(`pg ${name} ${started} by osd.${osd}\n`);
          return;
        }
        const done: Done[] = [];
        for (const one of asked)
          done.push({ name: one.name, scrub: await untilDone(client, context, one, kind, wait) });
        print(context, done, options);
        const failed = done.find(({ scrub }) => scrub.failure !== undefined);
        if (failed === undefined) return;
        throw new CairnError(
          'CONFLICT',
          `the ${kind} of pg ${failed.name} was broken off: ${failed.scrub.failure}; try again`,
        );
      });
    });
}

function addScrubReport(pg: Command, context: CliContext): void {
  const command = pg.command('scrub-report');
  command
    .description('Show what the last scrubs of PGs found, since the OSDs that lead them began to.')
    .argument('<pgs...>', 'such as 1.2f')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn pg scrub-report 1.2f')
    .action(async (names: string[], options: Options) => {
      await withClient(command, context, async (client, wait) => {
        const done: Done[] = [];
        for (const name of names) {
          const id = parsePg(name);
          await client.monitors.query(pgMap, { pg: id }, { ...wait(), mayBeStale: true });
          const { last, running } = await client.scrubPg(id, undefined, wait());
          if (last !== undefined) done.push({ name, scrub: last });
          else
            context.note(
              `pg ${name}: ${running === undefined ? 'no scrub in this term yet' : `${running.kind} runs`}\n`,
            );
        }
        print(context, done, options);
      });
    });
}

interface Asked {
  readonly name: string;
  readonly id: PgId;
  readonly osd: number;
  readonly term: number;
  readonly number: number;
}

interface Done {
  readonly name: string;
  readonly scrub: FinishedScrub;
}

/** In another term another primary, or the same with nothing of it, is asked anew. */
async function untilDone(
  client: CairnClient,
  context: CliContext,
  { name, id, ...first }: Asked,
  kind: ScrubKind,
  wait: () => WaitOptions,
): Promise<FinishedScrub> {
  let { term, number } = first;
  for (;;) {
    const found = await client.scrubPg(id, undefined, wait()).catch((error: unknown) => laterIf(error));
    if (found !== undefined && found.term !== term) {
      context.note(`pg ${name}: osd.${found.osd} leads in a new term; asking again\n`);
      const again = await client.scrubPg(id, kind, wait()).catch((error: unknown) => laterIf(error));
      if (again !== undefined) ({ term, number } = again);
    } else if (found?.last !== undefined && found.last.number >= number) return found.last;
    await context.runtime('cli').clock.sleep(pollMs, context.interrupted);
  }
}

/** Nobody serves the PG just now. */
function laterIf(error: unknown): PgScrubReply | undefined {
  if (isCairnError(error) && laterCodes.has(error.code)) return undefined;
  throw error;
}

const laterCodes: ReadonlySet<string> = new Set(['OVERLOADED', 'CONFLICT', 'CONNECTION_LOST', 'CLOSED']);

function print(context: CliContext, done: readonly Done[], options: Options): void {
  if (options.json === true) {
    printJson(context, { scrubs: done.map(doneJson) });
    return;
  }
  for (const { name, scrub } of done) {
    context.print(`pg ${name}: ${summary(scrub)}\n`);
    if (scrub.findings.length > 0) context.print(formatTable(columns, scrub.findings.map(findingRow)));
  }
}

function summary({ kind, objects, bytes, found, healed, lost, failure }: FinishedScrub): string {
  const looked = `${kind} of ${counted(objects, 'object', 'objects')}, ${bytesText(bytes)}`;
  const left = found - healed;
  const findings =
    found === 0
      ? 'all copies are the same'
      : `${counted(found, 'bad copy', 'bad copies')}, ${healed} healed, ${left} left`;
  const loss = lost === 0 ? '' : `, ${counted(lost, 'object', 'objects')} lost`;
  return `${looked}: ${findings}${loss}${failure === undefined ? '' : `; broken off: ${failure}`}`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

const columns: readonly Column[] = [
  { title: 'OSD' },
  { title: 'COPY IS' },
  { title: 'HEALED' },
  { title: 'OBJECT' },
  { title: 'WHY' },
];

function findingRow({ osd, kind, isHealed, object, problem }: ScrubFinding): string[] {
  return [
    `osd.${osd}`,
    kind,
    isHealed ? 'yes' : 'no',
    printable(object),
    problem === undefined ? '-' : printable(problem),
  ];
}

function doneJson({ name, scrub }: Done) {
  const { kind, objects, bytes, found, healed, lost, findings, startedAt, endedAt, failure } = scrub;
  return {
    pgid: name,
    kind,
    started: utcText(wallMs(startedAt)),
    ended: utcText(wallMs(endedAt)),
    objects,
    bytes,
    found,
    healed,
    lost,
    failure: failure ?? null,
    findings: findings.map(({ object, osd, kind: what, isHealed, problem }) => ({
      object,
      osd,
      copy: what,
      healed: isHealed,
      problem: problem ?? null,
    })),
  };
}
