/** `cairn osd fsck --salvage`: what the segments alone still tell, in a new store. */
import { CairnError } from '../base/errors.js';
import { showObject } from '../osd/store/object-id.js';
import type { SalvagedObject } from '../osd/store/tools/salvage/copy-objects.js';
import { salvage, type SalvageResult } from '../osd/store/tools/salvage/salvage.js';
import { keepFilesPrivate } from '../runtime/node/private-files.js';
import { bytesText } from './bytes-text.js';
import { BytesProgress } from './bytes-progress.js';
import type { CliContext } from './context.js';
import { printable } from './log-line.js';
import { ChunkedPrinter } from './printer.js';
import { printJson } from './print-json.js';

export interface SalvageCommandOptions {
  readonly from: string;
  readonly to: string | undefined;
  readonly json: boolean;
}

/** In JSON; the sums count all. */
const listedMax = 100_000;

export async function runSalvage(context: CliContext, { from, to, json }: SalvageCommandOptions): Promise<void> {
  if (to === undefined) {
    throw new CairnError('INVALID_ARGUMENT', 'salvage makes a new store: name an empty directory for it with --to DIR');
  }
  keepFilesPrivate();
  const progress = new BytesProgress(context, 'salvaging');
  const printer = new ChunkedPrinter(context);
  const objects: SalvagedObject[] = [];
  const result = await salvage(context.runtime('cli'), from, context.absolute(to), {
    onProgress: (bytes, total) => progress.update(bytes, total),
    onObject: (object) => {
      if (!json) printer.print(objectLine(object));
      else if (objects.length < listedMax) objects.push(object);
    },
  }).finally(() => progress.end());
  printer.flush();
  if (json) printJson(context, { ...resultJson(result), objects_found: objects.map(objectJson) });
  else context.print(resultText(result, to));
  if (result.damagedObjects === 0) return;
  const what = `${result.damagedObjects} objects have bytes that are lost; they read as zeros in ${to}`;
  throw new CairnError('CORRUPT', `${what}; take those objects from another replica or a backup`);
}

function objectLine({ object, size, bytesDamaged, bytesUnknown, omapKeys, bodiesDamaged }: SalvagedObject): string {
  const notes = [
    bytesDamaged > 0 ? `${bytesDamaged} bytes lost` : '',
    bodiesDamaged > 0 ? `${bodiesDamaged} omap bodies lost` : '',
    bytesUnknown > 0 ? `${bytesUnknown} bytes in holes, as they were or lost` : '',
    omapKeys > 0 ? `${omapKeys} omap keys` : '',
  ].filter((note) => note !== '');
  return `${printable(showObject(object))}: ${size} bytes${notes.length === 0 ? '' : `, ${notes.join(', ')}`}\n`;
}

function resultText(result: SalvageResult, to: string): string {
  const { scan, batches, objects, bytesFound, refusedRecords, appendsUnsure } = result;
  const lines = [
    `${batches} batches were found, ${scan.missing} before the last of them are recycled or lost`,
    `${objects} objects with ${bytesText(bytesFound)} are in ${to}, without PG logs`,
  ];
  if (scan.missing > 0) {
    lines.push('what only those batches told is not there: attributes and omap heads; what they removed may be back');
  }
  if (scan.missing > 0 || result.damagedObjects > 0) {
    lines.push(
      'what may lack something has a version of its own: OSDs that have it whole replace it when this store joins them',
    );
  }
  if (appendsUnsure > 0)
    lines.push(`${appendsUnsure} appends may be at a wrong offset, as the size before them is not certain`);
  if (refusedRecords > 0) lines.push(`${refusedRecords} records did not fit to what is left before them`);
  for (const path of scan.unreadable) lines.push(`not read: ${path}`);
  return lines.map((line) => `${line}\n`).join('');
}

function resultJson(result: SalvageResult) {
  return {
    batches: result.batches,
    last_batch: result.lastBatch,
    missing_batches: result.scan.missing,
    holes: result.scan.holes.slice(0, 1_000),
    unreadable: result.scan.unreadable,
    objects: result.objects,
    damaged_objects: result.damagedObjects,
    bytes_found: result.bytesFound,
    bytes_damaged: result.bytesDamaged,
    bodies_damaged: result.bodiesDamaged,
    omap_keys: result.omapKeys,
    refused_records: result.refusedRecords,
    placed_moves: result.placedMoves,
    appends_unsure: result.appendsUnsure,
  };
}

function objectJson({ object, ...rest }: SalvagedObject) {
  return {
    pool: object.pool,
    ...object.name,
    size: rest.size,
    bytes_found: rest.bytesFound,
    bytes_damaged: rest.bytesDamaged,
    bytes_unknown: rest.bytesUnknown,
    omap_keys: rest.omapKeys,
    bodies_damaged: rest.bodiesDamaged,
  };
}
