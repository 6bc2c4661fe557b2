/** `cairn osd fsck`: checks, mends or salvages the store of an OSD that does not run. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { fsck, type FsckResult } from '../osd/store/tools/fsck/fsck.js';
import type { Finding } from '../osd/store/tools/fsck/finding.js';
import { bytesText } from './bytes-text.js';
import { printable } from './log-line.js';
import { BytesProgress } from './bytes-progress.js';
import type { CliContext } from './context.js';
import { storeDirectory } from './osd-store-directory.js';
import { parsePgNum } from './pg-num-option.js';
import { runSalvage } from './osd-salvage.js';
import { printJson } from './print-json.js';

interface FsckCommandOptions {
  readonly deep?: boolean;
  readonly repair?: boolean;
  readonly pgNum?: ReadonlyMap<number, number>;
  readonly salvage?: boolean;
  readonly to?: string;
  readonly json?: boolean;
}

/** Shown to people; JSON has up to 10,000. */
const shownMax = 200;

export function addOsdFsck(osd: Command, context: CliContext): void {
  osd
    .command('fsck')
    .description(
      "Check the store in an OSD's data directory, named by --dir, while the OSD does not run: its index with LevelDB's " +
        'files, its log, and all that they count. Without --repair nothing of the store is changed.',
    )
    .option('--deep', 'read and verify every stored byte')
    .option(
      '--repair',
      'mend counts and remove keys that belong to nothing, in one atomic step; payloads are never touched',
    )
    .option('--pg-num <pool:n>', 'pg_num of a pool, to check counts PG by PG; may be repeated', parsePgNum)
    .option(
      '--salvage',
      'instead: make a new store in --to of what the segments tell without the index; nothing here is changed',
    )
    .option('--to <dir>', 'an empty directory for the new store of --salvage')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit code 1 when damage was found that is left.\n' +
        '\nExamples:\n  cairn osd fsck --dir /var/lib/cairn/osd.3\n  cairn osd fsck --dir /var/lib/cairn/osd.3 --deep --json\n  cairn osd fsck --dir /var/lib/cairn/osd.3 --repair --pg-num 3:64\n  cairn osd fsck --dir /var/lib/cairn/osd.3 --salvage --to /var/lib/cairn/osd.3.new',
    )
    .action(async (options: FsckCommandOptions, command: Command) => {
      const directory = storeDirectory(command, context);
      if (options.salvage === true) {
        await runSalvage(context, { from: directory, to: options.to, json: options.json === true });
        return;
      }
      const progress = new BytesProgress(context, 'checking');
      const result = await fsck(context.runtime('cli'), directory, {
        deep: options.deep === true,
        repair: options.repair === true,
        ...(options.pgNum === undefined ? {} : { pgNums: options.pgNum }),
        onProgress: ({ bytes, bytesTotal }) => progress.update(bytes, bytesTotal),
      }).finally(() => progress.end());
      if (options.json === true) printJson(context, resultJson(result));
      else printResult(context, result);
      failOnDamage(result, directory);
    });
}

function printResult(context: CliContext, result: FsckResult): void {
  const { findings, objects, objectBytes, liveBytes, keys, pgs, parked, segmentsInUse, indexFileBytes } = result;
  const shown = findings.slice(0, shownMax);
  for (const { severity, code, message } of shown) context.print(`${severity} ${code}: ${printable(message)}\n`);
  if (findings.length > shown.length) context.print(`… and more: --json prints ${findings.length} of them\n`);
  const lines = [
    `osd.${result.osd}, store ${result.store}: checkpoint ${result.checkpoint}, log up to batch ${result.lastBatch}`,
    `${objects} objects of ${bytesText(objectBytes)} in ${pgs} PGs; ${bytesText(liveBytes)} live in ${segmentsInUse} segments`,
    ...(parked === 0 ? [] : [`${parked} objects with writes that a failover cut off are parked`]),
    `${keys} keys in ${bytesText(indexFileBytes)} of index; read ${bytesText(result.bytesRead)}`,
    `${result.errors} errors, ${result.warnings} warnings`,
  ];
  context.print(lines.map((line) => `${line}\n`).join(''));
  if (result.repaired !== 'no') context.print(`repair: ${result.repaired}\n`);
  for (const note of result.repairNotes) context.print(`  ${note}\n`);
}

/** One line that says what to do. */
function failOnDamage(result: FsckResult, directory: string): void {
  const isLeft = (finding: Finding): boolean => {
    return finding.severity === 'error' && !(result.repaired === 'done' && finding.isRepairable);
  };
  const left = result.findings.filter(isLeft);
  if (left.length === 0) return;
  const [worst] = left;
  const what = `${directory} is damaged (${left.length} errors, the first: ${worst?.code ?? ''})`;
  throw new CairnError('CORRUPT', `${what}; ${adviceFor(left, result, directory)}`);
}

function adviceFor(left: readonly Finding[], result: FsckResult, directory: string): string {
  const has = (code: Finding['code']): boolean => left.some((finding) => finding.code === code);
  if (has('index-missing') || has('checkpoint')) {
    return `rebuild the OSD from its peers, or run cairn osd fsck --salvage --dir ${directory} --to DIR`;
  }
  const isMendable = left.every(({ isRepairable }) => isRepairable);
  if (isMendable && result.repaired !== 'refused') return 'run it again with --repair';
  return 'rebuild the OSD from its peers; what it alone has, cairn osd export-pg saves';
}

function resultJson({ counts, findings, ...result }: FsckResult) {
  return {
    store: result.store,
    osd: result.osd,
    errors: result.errors,
    warnings: result.warnings,
    complete: result.isComplete,
    checkpoint: result.checkpoint,
    last_batch: result.lastBatch,
    replayed_batches: result.replayedBatches,
    objects: result.objects,
    object_bytes: result.objectBytes,
    payloads: result.payloads,
    live_bytes: result.liveBytes,
    keys: result.keys,
    key_bytes: result.keyBytes,
    pgs: result.pgs,
    parked_objects: result.parked,
    segments_in_use: result.segmentsInUse,
    index_file_bytes: result.indexFileBytes,
    payload_bytes_verified: result.payloadBytesVerified,
    batches_verified: result.batchesVerified,
    bytes_read: result.bytesRead,
    repair: result.repaired,
    repair_notes: result.repairNotes,
    counts: Object.fromEntries(counts),
    findings: findings.map(({ isRepairable, ...finding }) => ({ ...finding, repairable: isRepairable })),
  };
}
