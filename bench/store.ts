/**
 * The OSD's store on one disk, beside `fio` and LevelDB alone in the same minutes (osd/store/, DESIGN.md section 6).
 *
 *     node dist/bench/store.js [--json] [--quick] [--only=transactions,reads,...] [--dir=DIR]
 *                              [--seconds=2] [--rounds=3] [--objects=1000000] [--node-options=--cpu-prof,...]
 *
 * Everything runs in child processes with a thread pool of 8, as the launcher gives OSDs; CPU is that of all their threads, for
 * each operation, with what the benchmark itself does to make it. Rounds alternate; the middle one counts.
 *
 * `--dir` is where the stores are made (default: a directory below this one, removed afterwards): the disk that is measured.
 * Stores are at most 12 GiB, and at most a third of what is free.
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { measureBulk } from './store/bulk.js';
import { GiB, type Context } from './store/context.js';
import { measureCleaning } from './store/cleaning.js';
import { measureManyObjects } from './store/many-objects.js';
import { measureOmaps } from './store/omaps.js';
import { measureReads } from './store/reads.js';
import { measureReplays } from './store/replays.js';
import { measureTransactions } from './store/transactions.js';
import { measureTurns } from './store/turns.js';

const parts = {
  transactions: { title: 'synced transactions', measure: measureTransactions },
  reads: { title: 'reads', measure: measureReads },
  omaps: { title: 'omap, keys/s', measure: measureOmaps },
  cleaning: { title: 'cleaner', measure: measureCleaning },
  objects: { title: 'many objects', measure: measureManyObjects },
  replays: { title: 'replay', measure: measureReplays },
  turns: { title: 'turns of the event loop, and commits beside checkpoints', measure: measureTurns },
  bulk: { title: 'an object of very many extents', measure: measureBulk },
} as const;

const capacityBytesMin = 2 * GiB;

const isJson = process.argv.includes('--json');
const quick = process.argv.includes('--quick');
const only = option('only')?.split(',');
const given = option('dir');
if (given !== undefined) mkdirSync(given, { recursive: true });
const directory = mkdtempSync(`${given ?? process.cwd()}/bench-store-`);
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const context: Context = {
  directory,
  capacityBytesMax: capacityBytesMax(),
  quick,
  objects: Number(option('objects') ?? (quick ? 100_000 : 1_000_000)),
  rounds: Number(option('rounds') ?? (quick ? 1 : 3)),
  ms: 1_000 * Number(option('seconds') ?? (quick ? 0.5 : 2)),
  nodeOptions: option('node-options')?.split(',') ?? [],
  say,
};
const loads: Record<string, number | undefined> = {};
const results: Record<string, unknown> = {};
loads['before'] = loadavg()[0];
for (const [name, { title, measure }] of Object.entries(parts)) {
  if (only !== undefined && !only.includes(name)) continue;
  say(`\n${title} (load average ${loadavg()[0]?.toFixed(1)})`);
  results[name] = await measure(context);
}
loads['after'] = loadavg()[0];
if (isJson) console.log(JSON.stringify({ ...results, load: loads }));
else console.log(`\nload average ${loads['before']?.toFixed(1)} before, ${loads['after']?.toFixed(1)} after`);

function capacityBytesMax(): number {
  const { bavail, bsize } = statfsSync(directory);
  const bytes = Math.min(12 * GiB, Math.floor((bavail * bsize) / 3));
  if (bytes >= capacityBytesMin) return bytes;
  throw new Error(`${directory} has too little room: a third of it has to be 2 GiB at least; use --dir`);
}

function say(line: string): void {
  if (!isJson) console.log(line);
}

function option(name: string): string | undefined {
  const prefix = `--${name}=`;
  return process.argv.find((argument) => argument.startsWith(prefix))?.slice(prefix.length);
}
