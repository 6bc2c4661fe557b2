import { CairnError } from '../../base/errors.js';
import { unreachable } from '../../base/invariant.js';
import type { RaftRefusal } from '../raft/output.js';

/** What the core did not take, as an error; nothing of it was applied. `details.leader` is where to go instead. */
export function refusalError(refusal: RaftRefusal): CairnError {
  switch (refusal.kind) {
    case 'not-leader': {
      const { leader } = refusal;
      const where = leader === undefined ? 'nobody leads now; retry later' : `member ${leader} leads; ask it`;
      return new CairnError('CONFLICT', `this member does not lead: ${where}`, { details: { leader } });
    }
    case 'transferring': {
      const sentence = `leadership is being handed to member ${refusal.to}; retry there`;
      return new CairnError('CONFLICT', sentence, { details: { leader: refusal.to } });
    }
    case 'change-in-progress':
      return new CairnError('CONFLICT', `the change at index ${refusal.index} is not committed yet; retry later`);
    case 'not-ready':
      return new CairnError('CONFLICT', 'this leader has not committed an entry of its own term yet; retry later');
    case 'invalid-membership':
      return new CairnError('INVALID_ARGUMENT', `the membership is not allowed: ${refusal.reason}`);
    case 'invalid-target':
      return new CairnError('INVALID_ARGUMENT', `leadership cannot go there: ${refusal.reason}`);
    case 'overloaded':
      return new CairnError('OVERLOADED', 'too much is proposed and not committed yet; retry later');
    default:
      return unreachable(refusal);
  }
}
