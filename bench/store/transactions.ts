/** Synced transactions beside `fio` and LevelDB, rounds alternating: the machine is not ours alone. */
import { mkdirSync, rmSync } from 'node:fs';
import { GiB, KiB, loadText, MiB, sizeText, type Context } from './context.js';
import { Fio, type FioResult } from './fio.js';
import { JobProcess } from './job-process.js';
import { median, middle } from '../median.js';
import type { LoadResult } from './put-load.js';

export interface TransactionRow {
  readonly bytes: number;
  readonly inFlight: number;
  /** First: segments that were written with zeros only; second: recycled ones. */
  readonly life: 'first' | 'second';
  /** Objects that were not there; or those that are, so that the index is read first. */
  readonly of: 'new' | 'old';
  readonly cairn: LoadResult;
  /** One write of a transaction's size at a time. */
  readonly fio: FioResult | undefined;
  /** One write of all that wait at a time, up to the 8 MiB of a batch: what a log can do at best. */
  readonly fioBatch: FioResult | undefined;
  readonly level4: LoadResult | undefined;
  readonly level16: LoadResult | undefined;
  /** Medians of the rounds' ratios of MiB/s; NaN without the other. */
  readonly ofFio: number;
  readonly ofFioBatch: number;
  /** Of the better of LevelDB's two. */
  readonly ofLevel: number;
}

interface Cell {
  readonly bytes: number;
  readonly inFlight: number;
  /** Overwritten in turn; `undefined`: new ones only, which are removed afterwards. */
  readonly objects: number | undefined;
}

interface Beside {
  readonly fio: Fio | undefined;
  readonly level4: JobProcess;
  readonly level16: JobProcess;
}

const sizes = [4 * KiB, 64 * KiB, 4 * MiB];
const depths = [1, 16, 64];
const batchBytesMax = 8 * MiB;
/** What one size keeps in use: little of the store, so that whole segments die and the cleaner has nothing to do. */
const objectsOf = (bytes: number): number => Math.min(16_384, (256 * MiB) / bytes);

export async function measureTransactions(context: Context): Promise<TransactionRow[]> {
  const directory = `${context.directory}/transactions`;
  mkdirSync(directory);
  const store = new JobProcess(context);
  const beside: Beside = {
    fio: Fio.prepare(directory),
    level4: new JobProcess({ threads: 4 }),
    level16: new JobProcess({ threads: 16 }),
  };
  try {
    const makeBytes = Math.min(context.quick ? 2 * GiB : 4 * GiB, context.capacityBytesMax);
    // 64 of 4 MiB are a little more than the default lets wait.
    const options = { waitingBytesMax: 512 * MiB };
    await store.call('open', { directory: `${directory}/store`, makeBytes, options });
    await beside.level4.call('levelOpen', `${directory}/level-4`);
    await beside.level16.call('levelOpen', `${directory}/level-16`);
    const rows = await firstLife(context, store);
    await store.call('fillAndEmpty');
    for (const bytes of sizes) rows.push(...(await secondLife(context, store, beside, bytes)));
    return rows;
  } finally {
    await Promise.all([store.end(), beside.level4.end(), beside.level16.end()]);
    rmSync(directory, { recursive: true });
  }
}

/** New objects only, so that no segment comes to a second life meanwhile. */
async function firstLife(context: Context, store: JobProcess): Promise<TransactionRow[]> {
  const rows: TransactionRow[] = [];
  for (const inFlight of depths) {
    const cell = { bytes: 4 * KiB, inFlight, objects: undefined };
    const rounds: Round[] = [];
    for (let round = -1; round < context.rounds; round += 1) {
      const cairn = await putRound(context, store, cell);
      if (round >= 0) rounds.push({ cairn });
    }
    rows.push(rowOf(cell, 'first', rounds));
    sayRow(context, rows.at(-1));
  }
  return rows;
}

async function secondLife(context: Context, store: JobProcess, beside: Beside, bytes: number) {
  const rows: TransactionRow[] = [];
  const objects = objectsOf(bytes);
  await putRound(context, store, { bytes, inFlight: 64, objects }, { ms: 1e9, countMax: objects });
  for (const inFlight of depths) {
    // What becomes of small new objects is LevelDB's load, too, and the design's target.
    for (const of of bytes === 4 * KiB ? [undefined, objects] : [objects]) {
      const cell = { bytes, inFlight, objects: of };
      await putRound(context, store, cell);
      const rounds: Round[] = [];
      for (let round = 0; round < context.rounds; round += 1) {
        rounds.push(await measureRound(context, store, beside, cell));
      }
      rows.push(rowOf(cell, 'second', rounds));
      sayRow(context, rows.at(-1));
    }
  }
  await store.call('remove', { prefix: prefixOf(bytes), objects, step: 1 });
  return rows;
}

let newCount = 0;

/** What is left to do in the background afterwards is done before it returns. */
async function putRound(
  { ms }: Context,
  store: JobProcess,
  { bytes, inFlight, objects }: Cell,
  bounds: { readonly ms: number; readonly countMax: number } = { ms, countMax: Infinity },
): Promise<LoadResult> {
  if (objects !== undefined) {
    const result = await store.call('put', { bytes, inFlight, objects, prefix: prefixOf(bytes), ...bounds });
    await store.call('checkpoint');
    return result;
  }
  newCount += 1;
  const prefix = `new${newCount}/`;
  const result = await store.call('put', { bytes, inFlight, objects: Infinity, prefix, ...bounds });
  await store.call('remove', { prefix, objects: result.count, step: 1 });
  return result;
}

function prefixOf(bytes: number): string {
  return `old${bytes}/`;
}

type Round = Pick<TransactionRow, 'cairn'> & Partial<Pick<TransactionRow, 'fio' | 'fioBatch' | 'level4' | 'level16'>>;

async function measureRound(
  context: Context,
  store: JobProcess,
  { fio, level4, level16 }: Beside,
  cell: Cell,
): Promise<Round> {
  const { ms } = context;
  const { bytes, inFlight } = cell;
  const cairn = await putRound(context, store, cell);
  const batchBytes = Math.min(bytes * inFlight, batchBytesMax);
  const direct = {
    fio: fio?.write(bytes, ms),
    fioBatch: batchBytes === bytes ? undefined : fio?.write(batchBytes, ms),
  };
  if (bytes !== 4 * KiB) return { cairn, ...direct };
  const prefix = cell.objects === undefined ? `new${newCount}/` : prefixOf(bytes);
  const put = { bytes, inFlight, objects: cell.objects ?? Infinity, prefix, ms, countMax: Infinity };
  return {
    cairn,
    ...direct,
    level4: await level4.call('levelPut', put),
    level16: await level16.call('levelPut', put),
  };
}

function rowOf(
  { bytes, inFlight, objects }: Cell,
  life: TransactionRow['life'],
  rounds: readonly Round[],
): TransactionRow {
  const ratio = (of: (round: Round) => number | undefined): number =>
    median(rounds.map((round) => round.cairn.mebibytesPerSecond / (of(round) ?? NaN)));
  const level = ({ level4, level16 }: Round): number | undefined =>
    level4 === undefined || level16 === undefined
      ? undefined
      : Math.max(level4.mebibytesPerSecond, level16.mebibytesPerSecond);
  return {
    bytes,
    inFlight,
    life,
    of: objects === undefined ? 'new' : 'old',
    cairn: middle(rounds.map(({ cairn }) => cairn)),
    fio: middleOf(rounds.map(({ fio }) => fio)),
    fioBatch: middleOf(rounds.map(({ fioBatch }) => fioBatch)),
    level4: middleOf(rounds.map(({ level4 }) => level4)),
    level16: middleOf(rounds.map(({ level16 }) => level16)),
    ofFio: ratio(({ fio }) => fio?.mebibytesPerSecond),
    ofFioBatch: ratio(({ fioBatch }) => fioBatch?.mebibytesPerSecond),
    ofLevel: ratio(level),
  };
}

function middleOf<T extends { readonly perSecond: number }>(rounds: readonly (T | undefined)[]): T | undefined {
  const present = rounds.filter((round) => round !== undefined);
  return present.length === 0 ? undefined : middle(present);
}

function sayRow({ say }: Context, row: TransactionRow | undefined): void {
  if (row === undefined) return;
  const name = `${sizeText(row.bytes)} x${row.inFlight}`.padEnd(11);
  say(`${name} ${row.life.padEnd(6)} ${row.of} ${'cairn'.padEnd(13)}${loadText(row.cairn)}`);
  const beside = (who: string, text: string, ratio: number): void => {
    const times = Number.isNaN(ratio) ? '' : `  cairn x${ratio.toFixed(2)}`;
    say(`${' '.repeat(23)}${who.padEnd(13)}${text}${times}`);
  };
  if (row.fio !== undefined) beside(`fio ${sizeText(row.fio.blockBytes)}`, fioText(row.fio), row.ofFio);
  if (row.fioBatch !== undefined) {
    beside(`fio ${sizeText(row.fioBatch.blockBytes)}`, fioText(row.fioBatch), row.ofFioBatch);
  }
  if (row.level4 !== undefined) beside('level, 4 thr', loadText(row.level4), NaN);
  if (row.level16 !== undefined) beside('level, 16 thr', loadText(row.level16), row.ofLevel);
  for (const line of targets(row)) say(`${' '.repeat(23)}${line}`);
}

function fioText({ perSecond, mebibytesPerSecond, p50Ms, p99Ms }: FioResult): string {
  return (
    `${perSecond.toFixed(0).padStart(8)}/s ${mebibytesPerSecond.toFixed(1).padStart(7)} MiB/s` +
    `  p50 ${p50Ms.toFixed(2).padStart(7)} ms  p99 ${p99Ms.toFixed(2).padStart(7)} ms`
  );
}

/** How far the design's targets are met. */
export function targets(row: TransactionRow): string[] {
  if (row.life === 'first') return [];
  if (row.bytes === 4 * MiB && row.inFlight === 1) {
    return [`target: 0.90 of fio; is ${row.ofFio.toFixed(2)}`];
  }
  if (row.bytes !== 4 * KiB || row.inFlight !== 64) return [];
  const perCore = 1e6 / row.cairn.cpuMicroseconds;
  return [
    `target: 5 times LevelDB with sync; is ${row.ofLevel.toFixed(2)}`,
    `target: 40000/s for each core of CPU used; is ${perCore.toFixed(0)}`,
  ];
}
