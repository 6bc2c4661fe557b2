/** What OSDs have parked, as the commands of `cairn pg parked` find it: every OSD is asked, whatever it leads. */
import { CairnError, isCairnError } from '../base/errors.js';
import { forEachBounded } from '../client/bounded.js';
import type { CairnClient } from '../client/client.js';
import { osdId, type OsdId, type PgId, poolId, printPgId } from '../cluster/ids.js';
import { pgMap } from '../protocol/commands/pg.js';
import type { ParkedRow } from '../protocol/parked.js';
import type { WaitOptions } from '../runtime/clock.js';
import { wallMs } from '../base/instants.js';
import { utcText } from '../base/utc-text.js';
import type { CliContext } from './context.js';
import { printable } from './log-line.js';

/** One object as one OSD keeps it. The same writes may be parked at several. */
export interface ParkedCopy extends ParkedRow {
  readonly osd: OsdId;
  readonly pool: number;
}

export interface ParkedQuery {
  readonly pools: readonly number[];
  /** Of one PG only. */
  readonly pg?: number | undefined;
  readonly osd?: OsdId | undefined;
}

export interface FoundParked {
  /** By PG, then by the entry that changed the object last, then by OSD. */
  readonly copies: readonly ParkedCopy[];
  /** Nobody knows what these keep: why, for each. */
  readonly silent: readonly { readonly osd: OsdId; readonly reason: string }[];
}

const osdsAtOnce = 16;

export async function findParked(
  client: CairnClient,
  { pools, pg, osd: only }: ParkedQuery,
  wait: () => WaitOptions,
): Promise<FoundParked> {
  const copies: ParkedCopy[] = [];
  const silent: { osd: OsdId; reason: string }[] = [];
  const osds = only === undefined ? [...client.map.osds.keys()] : [only];
  if (only !== undefined && !client.map.osds.has(only)) {
    throw new CairnError('NOT_FOUND', `there is no osd.${only}; see \`cairn osd tree\``);
  }
  const ask = async (osd: OsdId): Promise<void> => {
    for (const pool of pools) {
      let after: Uint8Array | undefined;
      do {
        const { parked, next } = await client.listParked(osd, { pool, pg, after }, wait());
        for (const row of parked) copies.push({ ...row, osd: osdId(osd), pool });
        after = next;
      } while (after !== undefined);
    }
  };
  await forEachBounded(osds, { atOnce: osdsAtOnce, signal: wait().signal }, async (osd) => {
    try {
      await ask(osd);
    } catch (error) {
      if (!isCairnError(error) || !silentCodes.has(error.code)) throw error;
      silent.push({ osd, reason: error.message });
    }
  });
  copies.sort((a, b) => a.pool - b.pool || a.pg - b.pg || a.term - b.term || a.seq - b.seq || a.osd - b.osd);
  return { copies, silent: silent.sort((a, b) => a.osd - b.osd) };
}

/** The monitors say what is wrong with a PG that there is none of. */
export async function checkPg(client: CairnClient, pg: PgId, wait: () => WaitOptions): Promise<void> {
  await client.monitors.query(pgMap, { pg }, { ...wait(), mayBeStale: true });
}

/** It is down, starts just now, cannot be reached, or is of a version that parks nothing. */
const silentCodes: ReadonlySet<string> = new Set([
  'CONFLICT',
  'OVERLOADED',
  'CLOSED',
  'CONNECTION_LOST',
  'CONNECTION_REFUSED',
  'UNREACHABLE',
  'DEADLINE_EXCEEDED',
  'UNSUPPORTED',
]);

/** On stderr: what was found is not all there is. */
export function noteSilent(context: CliContext, { silent }: FoundParked): void {
  for (const { osd, reason } of silent) {
    context.note(`cairn: osd.${osd} did not say what it has parked: ${printable(reason)}\n`);
  }
}

/** `12.345`: term and number of an entry. */
export function parseVersion(text: string): { readonly term: number; readonly seq: number } {
  const [, term, seq] = /^([0-9]{1,15})\.([0-9]{1,15})$/.exec(text) ?? [];
  if (term !== undefined && seq !== undefined) return { term: Number(term), seq: Number(seq) };
  throw new CairnError(
    'INVALID_ARGUMENT',
    `"${text.slice(0, 40)}" is no version; write TERM.NUMBER, as \`cairn pg parked ls\` shows it`,
  );
}

export function pgOf({ pool, pg }: ParkedCopy): PgId {
  return { pool: poolId(pool), pg };
}

export function versionOf({ term, seq }: ParkedCopy): string {
  return `${term}.${seq}`;
}

/** `namespace/name`, with the locator where there is one. */
export function nameOf({ namespace, locator, name }: ParkedCopy): string {
  const own = namespace === '' ? name : `${namespace}/${name}`;
  return printable(locator === '' ? own : `${own} (locator ${locator})`);
}

/** As `--json` shows one. */
export function parkedJson(copy: ParkedCopy) {
  const { namespace, locator, name, exists, isWhole, bytes, writes, acknowledged, parkedAt } = copy;
  return {
    pgid: printPgId(pgOf(copy)),
    version: versionOf(copy),
    osd: copy.osd,
    namespace,
    locator,
    name,
    exists,
    whole: isWhole,
    bytes,
    writes,
    acknowledged,
    parked_at: utcText(wallMs(parkedAt)),
    // Where the PG went on without them.
    common: copy.commonSeq === 0 ? null : `${copy.commonTerm}.${copy.commonSeq}`,
  };
}

export function notParked(pg: PgId, version: string): CairnError {
  return new CairnError(
    'NOT_FOUND',
    `no OSD that answers has ${version} of pg ${printPgId(pg)} parked; see \`cairn pg parked ls\``,
  );
}
