/** PGs: what they count of their objects, and their logs: every block there, in order, with what its record says. */
import { poolId, printPgId, type PgId, type PoolId } from '../../../../cluster/ids.js';
import { logBlockKey, pgOfKey, seqOfLogBlockKey } from '../../format/index-key.js';
import { decodeLogBlock, type PackedEntry } from '../../pg/log-block.js';
import { decodeLogEntry } from '../../pg/log-entry.js';
import type { LogBlockInfo, PgCounts, PgState } from '../../pg/pg-state.js';
import type { PgTable } from '../../pg/pg-table.js';
import { showKey } from '../../../../runtime/kv-seal.js';
import type { ObjectCheck } from './check-objects.js';
import { forEachEntry } from './check-shared.js';
import { malformed } from './load-for-check.js';
import { overlapText, type PgPlacement } from './pg-placement.js';

export async function checkPgs(check: ObjectCheck, pgs: PgTable, placement: PgPlacement): Promise<void> {
  for (const state of pgs.all()) await checkLog(check, state);
  await forEachEntry(check, 'l', async ({ key }) => checkBlockKey(check, pgs, key));
  await forEachEntry(check, 'p', async ({ key }) => {
    const pg = pgOf(key);
    if (pg !== undefined && pgs.get(pg) !== undefined) return;
    const message = 'a value of a PG that has no record';
    check.findings.add('pg-values', message, { key: showKey(key) });
  });
  for (const overlap of placement.overlaps()) {
    check.findings.add('pg-overlap', overlapText(overlap), { pg: printPgId(overlap[1]) });
  }
  checkCounts(check, pgs);
}

async function checkLog(check: ObjectCheck, state: PgState): Promise<void> {
  const { findings } = check;
  const { record } = state;
  const pg = printPgId(state.pg);
  if (record.trimmedTo > record.lastSeq) {
    findings.add('pg-record', `the log of PG ${pg} ends at ${record.lastSeq} and is trimmed to ${record.trimmedTo}`, {
      pg,
    });
  }
  let last = 0;
  const blocks: LogBlockInfo[] = [];
  for (const info of record.blocks) {
    if (info.entries === 0) {
      blocks.push(info);
      continue;
    }
    const entries = await readBlock(check, state, info.first);
    if (entries === undefined) {
      blocks.push(info);
      continue;
    }
    const [first] = entries;
    if (first === undefined || first.seq !== info.first || first.seq <= last) {
      findings.add('log-block-order', `block ${info.first} of PG ${pg} begins at ${first?.seq}, behind ${last}`, {
        pg,
      });
    }
    last = entries.at(-1)?.seq ?? last;
    blocks.push(checkInfo(check, pg, info, entries));
  }
  if (last > record.lastSeq || (last > 0 && last < record.lastSeq && record.blocks.at(-1)?.entries !== 0)) {
    findings.add('pg-record', `the log of PG ${pg} ends at ${last}, and its record says ${record.lastSeq}`, { pg });
  }
  if (blocks.some((info, i) => info !== record.blocks[i])) {
    check.repairs.setPg(pg, { pg: state.pg, record: { ...record, blocks } });
  }
}

async function readBlock(check: ObjectCheck, { pg }: PgState, first: number): Promise<PackedEntry[] | undefined> {
  const key = logBlockKey(pg, first);
  const name = printPgId(pg);
  try {
    const stored = await check.index.get(key);
    if (stored === undefined) {
      check.findings.add('log-block-missing', `block ${first} of the log of PG ${name} is missing`, { pg: name });
      return undefined;
    }
    const entries = decodeLogBlock(stored);
    for (const { term, seq, bytes } of entries) {
      const entry = decodeLogEntry(bytes);
      if (entry.seq === seq && entry.term === term) continue;
      check.findings.add('log-block-order', `entry ${seq} of PG ${name} says that it is ${entry.seq}`, { pg: name });
    }
    return entries;
  } catch (error) {
    malformed(check.findings, key, error);
    return undefined;
  }
}

/** The block's info as it should be; `info` itself when it is. */
function checkInfo(
  { findings }: ObjectCheck,
  pg: string,
  info: LogBlockInfo,
  entries: readonly PackedEntry[],
): LogBlockInfo {
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes.byteLength, 0);
  if (info.entries === entries.length && info.bytes === bytes) return info;
  const said = `${info.entries} entries of ${info.bytes} bytes`;
  const message = `block ${info.first} of PG ${pg} holds ${entries.length} entries of ${bytes} bytes, not ${said}`;
  findings.add('log-block-info', message, { pg });
  return { first: info.first, entries: entries.length, bytes };
}

function checkBlockKey({ findings, repairs }: ObjectCheck, pgs: PgTable, key: string): void {
  const pg = key.length === 17 ? pgOf(key) : undefined;
  if (pg === undefined) {
    findings.add('index-malformed', 'the key of a log block is malformed', { key: showKey(key) });
    return;
  }
  const state = pgs.get(pg);
  if (state === undefined) {
    findings.add('pg-values', 'a log block of a PG that has no record', { key: showKey(key) });
    return;
  }
  const first = seqOfLogBlockKey(key);
  if (state.blocks.some((block) => block.first === first) || state.tailFirst === first) return;
  const name = printPgId(pg);
  findings.add('log-block-orphan', `block ${first} of PG ${name} is none of its log`, { pg: name, key: showKey(key) });
  repairs.remove(key);
}

function pgOf(key: string): PgId | undefined {
  if (key.length < 9) return undefined;
  const { pool, pg } = pgOfKey(key);
  return pool >= 1 && pool < 2 ** 31 && pg < 2 ** 31 ? { pool: poolId(pool), pg } : undefined;
}

/** Where it is not known which PG an object is in, what a pool's PGs count is compared as a sum. */
function checkCounts(check: ObjectCheck, pgs: PgTable): void {
  const byPool = new Map<PoolId, PgState[]>();
  for (const state of pgs.all()) byPool.set(state.pg.pool, [...(byPool.get(state.pg.pool) ?? []), state]);
  for (const pool of new Set([...check.accounts.pools(), ...byPool.keys()])) {
    const states = byPool.get(pool) ?? [];
    if (check.accounts.pg(pool, 0) === undefined) {
      checkPool(check, pool, states);
      continue;
    }
    for (const pg of check.accounts.pgsOf(pool)) {
      if (states.some((state) => state.pg.pg === pg)) continue;
      const name = printPgId({ pool, pg });
      check.findings.add('pool-counts', `there are objects of PG ${name}, which has no record`, { pg: name });
    }
    for (const state of states) {
      const found = check.accounts.pg(pool, state.pg.pg);
      if (found !== undefined) compare(check, `PG ${printPgId(state.pg)}`, sumOf([state]), found, state);
    }
  }
}

function checkPool(check: ObjectCheck, pool: PoolId, states: readonly PgState[]): void {
  const only = states.length === 1 ? states[0] : undefined;
  compare(check, `the PGs of pool ${pool}`, sumOf(states), check.accounts.pool(pool), only);
}

function compare(
  check: ObjectCheck,
  what: string,
  counted: PgCounts,
  found: PgCounts,
  state: PgState | undefined,
): void {
  if (counted.objects === found.objects && counted.bytes === found.bytes) return;
  const message = `${what} count ${counted.objects} objects of ${counted.bytes} bytes; there are ${found.objects} of ${found.bytes}`;
  check.findings.add('pool-counts', message, state === undefined ? {} : { pg: printPgId(state.pg) });
  if (state === undefined) return;
  const name = printPgId(state.pg);
  const { record } = check.repairs.pgs.get(name) ?? state;
  check.repairs.setPg(name, { pg: state.pg, record: { ...record, ...found } });
}

function sumOf(states: readonly PgState[]): PgCounts {
  let [objects, bytes] = [0, 0];
  for (const { record } of states) {
    objects += record.objects;
    bytes += record.bytes;
  }
  return { objects, bytes };
}
