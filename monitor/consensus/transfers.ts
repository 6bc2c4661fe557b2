/** Callers who wait for another member to lead. */
import { CairnError } from '../../base/errors.js';
import type { Clock, WaitOptions } from '../../runtime/clock.js';
import { raceWithWait, type Race } from '../../runtime/wait.js';
import type { RaftRefusal, RaftStatus } from '../raft/output.js';
import type { MemberId } from '../raft/types.js';
import { waitersMax } from './options.js';
import { refusalError } from './refusal.js';

interface Waiter {
  readonly to: MemberId;
  readonly race: Race<void>;
}

export class Transfers {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #closed: CairnError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `begin` steps the core, which may refuse. */
  async add(to: MemberId, wait: WaitOptions, begin: () => RaftRefusal | undefined): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#waiters.size >= waitersMax) throw new CairnError('OVERLOADED', 'too many transfers wait; retry later');
    await raceWithWait<void>(this.#clock, wait, 'a transfer of leadership', (race) => {
      const waiter = { to, race };
      this.#waiters.add(waiter);
      const refused = begin();
      if (refused !== undefined) {
        this.#waiters.delete(waiter);
        race.fail(refusalError(refused));
      }
      return () => {
        this.#waiters.delete(waiter);
      };
    });
  }

  /** Asked after each turn: has it come about, or come to nothing? */
  onStatus(status: RaftStatus): void {
    for (const waiter of this.#waiters) {
      if (status.leader === waiter.to) {
        this.#waiters.delete(waiter);
        waiter.race.win();
      } else if (status.leader !== undefined && status.transferringTo !== waiter.to) {
        this.#waiters.delete(waiter);
        const sentence = `member ${status.leader} leads, not ${waiter.to}: it did not take over in time; try again`;
        waiter.race.fail(new CairnError('CONFLICT', sentence));
      }
    }
  }

  close(error: CairnError): void {
    this.#closed = error;
    for (const { race } of this.#waiters) race.fail(error);
    this.#waiters.clear();
  }
}
