/** A copy that nobody wants any more, before it goes: what the PG does not have of it is parked. */
import { invariant } from '../../../base/invariant.js';
import { lineageMethod, positionOfHeader } from '../messages.js';
import type { PgCopy } from '../pg-copy.js';
import type { Term } from '../term.js';
import { commonEnd } from '../primary/join-plan.js';

/** Asks the primary of the term for the lineage of its log, until it answers. Throws as `ParkedSet.park`, and once the term is over. */
export async function parkStray(term: Term, copy: PgCopy): Promise<void> {
  const [primary] = term.record.acting;
  invariant(primary !== undefined, 'a record that was made keeps a member');
  await term.untilDone('park', async () => {
    const { header } = await term.call(primary, lineageMethod, {});
    const common = commonEnd(header.lineage.map(positionOfHeader), await copy.lineage());
    await term.host.parked.park(copy, common);
  });
}
