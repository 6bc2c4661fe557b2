import type { LogPosition } from '../types.js';
import { isSamePosition } from '../types.js';

/**
 * When a member that refused an append is sent what follows its log: at once where that is a gap, and only after a while where
 * it refuses at the same place again, or says that it cannot. Otherwise a member that refuses for good and its primary
 * would exchange messages without a pause. Pure.
 */
export class Resends {
  /** By member: where its log ended when it was last sent at once what follows. */
  readonly #sentBehind = new Map<string, LogPosition>();
  /** Those that are sent it after a while. */
  readonly #waiting = new Set<string>();

  /** `later`: the caller calls `due` after a while, and sends then. `no`: that is on its way already. */
  judge(member: string, last: LogPosition, isProblem: boolean): 'now' | 'later' | 'no' {
    const before = this.#sentBehind.get(member);
    if (!isProblem && (before === undefined || !isSamePosition(before, last))) {
      this.#sentBehind.set(member, last);
      return 'now';
    }
    // Behind one gap every append on its way is refused in the same words.
    if (this.#waiting.has(member)) return 'no';
    this.#waiting.add(member);
    return 'later';
  }

  due(member: string): void {
    this.#waiting.delete(member);
  }
}
