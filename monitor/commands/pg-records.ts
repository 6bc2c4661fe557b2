/** What OSDs ask of the records of their PGs: confirm, admit, leave, bump (PG-PROTOCOL.md section 1). */
import { CairnError } from '../../base/errors.js';
import { type OsdId, type PgId, type PgTerm, printPgId } from '../../cluster/ids.js';
import { type Admit, admitJoiner } from '../../cluster/pg/admit.js';
import { bumpTerm } from '../../cluster/pg/bump.js';
import { confirmTerm } from '../../cluster/pg/confirm.js';
import { type PgContext, pgContext } from '../../cluster/pg/context.js';
import { type Leave, leaveActing } from '../../cluster/pg/leave.js';
import type { FromPrimary } from '../../cluster/pg/next-record.js';
import type { Member, PgRecord } from '../../cluster/pg-record.js';
import type { ClusterLogRecord } from '../../protocol/cluster-log.js';
import type { PgChanged } from '../../protocol/commands/pg.js';
import type { Effects } from '../state/types.js';
import { checkPg } from './pool-selection.js';
import type { CommandContext } from './types.js';

interface OnPg {
  readonly pg: PgId;
  readonly term: PgTerm;
  readonly from: Member;
}

export function evaluatePgConfirm(args: OnPg, context: CommandContext): Effects<PgChanged> {
  return change(args, context, confirmTerm);
}

export function evaluatePgAdmit(args: OnPg & Admit, context: CommandContext): Effects<PgChanged> {
  return change(args, context, admitJoiner);
}

export function evaluatePgLeave(args: OnPg & Leave, context: CommandContext): Effects<PgChanged> {
  return change(args, context, leaveActing);
}

export function evaluatePgBump(args: OnPg, context: CommandContext): Effects<PgChanged> {
  return change(args, context, bumpTerm);
}

/** What a primary found; the sender is named by its key. */
export function evaluatePgNote(
  { pg, from, severity, message }: Pick<OnPg, 'pg' | 'from'> & Pick<ClusterLogRecord, 'severity' | 'message'>,
  context: CommandContext,
): Effects<Record<string, never>> {
  checkSpeaksFor(context, from.osd);
  const source = context.entity.name;
  return { result: {}, log: [{ severity, source, message: `pg ${printPgId(pg)}: ${message}` }] };
}

/** Throws `PERMISSION_DENIED` unless the OSD itself asks: what one says of another would end the other's term. */
export function checkSpeaksFor({ entity }: CommandContext, osd: OsdId): void {
  if (entity.name === `osd.${osd}`) return;
  throw new CairnError('PERMISSION_DENIED', `${entity.name} cannot speak for osd.${osd}; use the key of osd.${osd}`);
}

function change<Args extends OnPg>(
  args: Args,
  context: CommandContext,
  apply: (record: PgRecord, request: Args & FromPrimary, context: PgContext) => PgRecord,
): Effects<PgChanged> {
  checkSpeaksFor(context, args.from.osd);
  const { map } = context.state;
  const { pool, record } = checkPg(map, args.pg);
  const next = apply(record, args, pgContext(map, pool, args.pg.pg));
  // A confirmation that is repeated finds the record as it wanted it.
  if (next === record) return { result: { record } };
  const pgs = Uint32Array.of(args.pg.pg);
  return { result: { record: next }, changes: [{ kind: 'records', pool: pool.id, pgs, records: [next] }] };
}
