/** `pg force`: an operator accepts that a PG whose members are all gone goes on with what one store has. */
import { CairnError } from '../../base/errors.js';
import { type OsdId, type PgId, printPgId } from '../../cluster/ids.js';
import { memberOf, pgContext } from '../../cluster/pg/context.js';
import { forceRecord } from '../../cluster/pg/force.js';
import { membersOf } from '../../cluster/pg/next-record.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { nameOsds, osdOf } from './osd-selection.js';
import { checkPg } from './pool-selection.js';
import type { CommandContext } from './types.js';

interface ForceArgs {
  readonly pg: PgId;
  readonly osd: OsdId;
  readonly confirmed: boolean;
}

export function evaluatePgForce({ pg, osd: id, confirmed }: ForceArgs, context: CommandContext): Effects<ChangeReport> {
  const { map } = context.state;
  const { pool, record } = checkPg(map, pg);
  const osd = osdOf(map, id);
  const store = memberOf(osd);
  if (store === undefined || !osd.isUp) {
    throw new CairnError('CONFLICT', `osd.${id} is not up with a store; name one that is`);
  }
  const name = printPgId(pg);
  const [only, ...others] = record.acting;
  if (only?.osd === id && only.store === osd.store && others.length === 0 && record.eligible.length === 0) {
    return { result: { changed: [], messages: [`pg ${name} goes on with osd.${id} already`] } };
  }
  const next = forceRecord(record, { term: record.term, store }, pgContext(map, pool, pg.pg));
  const gone = nameOsds(membersOf(record).map((member) => ({ id: member.osd })));
  const loss = `pg ${name} of pool ${pool.name} loses all that only ${gone} had`;
  if (!confirmed) {
    throw new CairnError(
      'CONFLICT',
      `${loss}, and goes on with what osd.${id} has, if anything; add --yes if you mean it`,
    );
  }
  const message = `${loss}, and goes on with osd.${id}`;
  return {
    result: { changed: [name], messages: [message] },
    changes: [{ kind: 'records', pool: pool.id, pgs: Uint32Array.of(pg.pg), records: [next] }],
    log: [{ severity: 'warn', source: context.entity.name, message }],
  };
}
