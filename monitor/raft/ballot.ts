/** The votes of one candidacy, or of the question before it. */
import { majorityOf } from './majority.js';
import type { MemberId, Membership } from './types.js';

export class Ballot {
  readonly #votes = new Map<MemberId, boolean>();

  /** The first answer of each member counts. */
  record(member: MemberId, isGranted: boolean): void {
    if (!this.#votes.has(member)) this.#votes.set(member, isGranted);
  }

  /** Among the voters now in force; others' votes count nowhere. */
  outcome({ voters }: Membership): 'won' | 'lost' | 'open' {
    const granted = voters.filter((member) => this.#votes.get(member) === true).length;
    const refused = voters.filter((member) => this.#votes.get(member) === false).length;
    if (granted >= majorityOf(voters.length)) return 'won';
    return voters.length - refused < majorityOf(voters.length) ? 'lost' : 'open';
  }
}
