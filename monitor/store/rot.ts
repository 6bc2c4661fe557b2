import { CairnError } from '../../base/errors.js';

/**
 * The store in `directory` is damaged, and must not be used: a member that forgot a vote or an entry can make the cluster
 * forget what it acknowledged. The peers have everything, so the way out is to begin again as a new member.
 */
export function storeRot(directory: string, found: string, cause?: unknown): CairnError {
  const sentence =
    `the Raft store in ${directory} is damaged: ${found}; remove that directory and start this monitor again: ` +
    'it gets a new member id and copies everything from the other monitors, as long as they have a quorum';
  return new CairnError('CORRUPT', sentence, { cause, details: { directory } });
}
