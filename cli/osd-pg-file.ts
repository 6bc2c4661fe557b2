/** `cairn osd export-pg` and `import-pg`: one PG of an OSD that does not run, to a file and back. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { type PgId, printPgId } from '../cluster/ids.js';
import { openStore } from '../osd/store/open-store.js';
import { showObject } from '../osd/store/object-id.js';
import { shadowPg, showPg } from '../osd/store/parked/parked-place.js';
import { exportPg } from '../osd/store/tools/pg-file/export-pg.js';
import { importPg } from '../osd/store/tools/pg-file/import-pg.js';
import type { PgFileCounts } from '../osd/store/tools/pg-file/pg-file-record.js';
import { keepFilesPrivate } from '../runtime/node/private-files.js';
import { bytesText } from './bytes-text.js';
import { BytesProgress } from './bytes-progress.js';
import type { CliContext } from './context.js';
import { printable } from './log-line.js';
import { countOption } from './option-values.js';
import { parsePg } from './osd-arguments.js';
import { storeDirectory } from './osd-store-directory.js';
import { printJson } from './print-json.js';

interface ExportCommandOptions {
  readonly pgNum?: number;
  readonly parked?: boolean;
  readonly out: string;
  readonly skipDamaged?: boolean;
  readonly json?: boolean;
}

export function addOsdExportPg(osd: Command, context: CliContext): void {
  osd
    .command('export-pg')
    .description(
      "Write a PG of the store in an OSD's data directory, named by --dir, into a file: objects, values and log. The OSD " +
        'does not run meanwhile, and keeps the PG.',
    )
    .argument('<pg>', 'POOL.PG with the PG in hex, as 1.2f')
    .option('--pg-num <n>', 'pg_num of the pool (cairn pool ls)', countOption)
    .option('--parked', 'instead of the PG: all that is parked of its pool, writes that failovers cut off')
    .requiredOption('-o, --out <file>', 'where to write it')
    .option('--skip-damaged', 'leave out objects whose bytes are damaged, and name them, instead of failing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn osd export-pg 1.2f --pg-num 64 --dir /var/lib/cairn/osd.3 --out 1.2f.pg\n  cairn osd export-pg 1.2f --pg-num 64 --dir /var/lib/cairn/osd.3 --out 1.2f.pg --skip-damaged --json\n  cairn osd export-pg 1.2f --parked --dir /var/lib/cairn/osd.3 --out 1.parked',
    )
    .action(async (name: string, options: ExportCommandOptions, command: Command) => {
      const directory = storeDirectory(command, context);
      const { pg, pgNum } = exported(parsePg(name), options);
      keepFilesPrivate();
      const progress = new BytesProgress(context, 'exporting');
      const skipped: string[] = [];
      let bytes = 0;
      const counts = await exportPg(context.runtime('cli'), directory, context.absolute(options.out), {
        pg,
        pgNum,
        skipDamaged: options.skipDamaged === true,
        onParked: (objects) => {
          progress.end();
          context.note(
            `cairn: ${objects} objects of PG ${name} are parked, and not in the file; export them with --parked\n`,
          );
        },
        onSkipped: (object, error) => {
          progress.end();
          context.note(`cairn: left out ${printable(`${showObject(object)}: ${error.message}`)}\n`);
          if (skipped.length < 1_000) skipped.push(showObject(object));
        },
        onBytes: (more) => {
          bytes += more;
          progress.update(bytes, 0);
        },
      }).finally(() => progress.end());
      if (options.json === true)
        printJson(context, { pg: printPgId(pg), ...countsJson(counts), skipped_objects: skipped });
      else context.print(`wrote ${showPg(pg)} to ${options.out}: ${countsText(counts)}\n`);
    });
}

export function addOsdImportPg(osd: Command, context: CliContext): void {
  osd
    .command('import-pg')
    .description(
      "Bring a PG from a file that export-pg wrote into the store in an OSD's data directory, named by --dir, while the OSD " +
        'does not run. Refused when the store has anything of the PG.',
    )
    .argument('<file>', 'written by cairn osd export-pg')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nAn import that was cut short leaves a mark, and the PG is not served; run it again, it starts over.\n' +
        '\nExamples:\n  cairn osd import-pg 1.2f.pg --dir /var/lib/cairn/osd.5\n  cairn osd import-pg 1.2f.pg --dir /var/lib/cairn/osd.5 --json',
    )
    .action(async (file: string, options: { json?: boolean }, command: Command) => {
      const runtime = context.runtime('cli');
      keepFilesPrivate();
      const store = await openStore(runtime, storeDirectory(command, context));
      const progress = new BytesProgress(context, 'importing');
      try {
        const result = await importPg(runtime, store, context.absolute(file), {
          onBytes: (bytes, total) => progress.update(bytes, total),
        });
        progress.end();
        const pg = printPgId(result.pg);
        if (options.json === true) printJson(context, { pg, from_osd: result.osd, ...countsJson(result) });
        else context.print(`brought ${showPg(result.pg)} of osd.${result.osd} in: ${countsText(result)}\n`);
      } finally {
        progress.end();
        await store.close();
      }
    });
}

function exported(pg: PgId, { pgNum, parked }: ExportCommandOptions): { readonly pg: PgId; readonly pgNum: number } {
  if (parked === true) return { pg: shadowPg(pg.pool), pgNum: 1 };
  if (pgNum === undefined) {
    throw new CairnError('INVALID_ARGUMENT', 'say how many PGs the pool has with --pg-num N (cairn pool ls)');
  }
  if (pgNum >= 1 && pg.pg < pgNum) return { pg, pgNum };
  throw new CairnError(
    'INVALID_ARGUMENT',
    `a pool of ${pgNum} PGs has no ${printPgId(pg)}; check --pg-num with cairn pool ls`,
  );
}

function countsText({ objects, dataBytes, omapKeys, entries, skipped }: PgFileCounts): string {
  const left = skipped === 0 ? '' : `; ${skipped} objects were left out`;
  return `${objects} objects of ${bytesText(dataBytes)}, ${omapKeys} omap keys, ${entries} log entries${left}`;
}

function countsJson({ objects, dataBytes, omapKeys, bodies, marks, values, entries, skipped }: PgFileCounts) {
  return { objects, data_bytes: dataBytes, omap_keys: omapKeys, bodies, marks, values, log_entries: entries, skipped };
}
