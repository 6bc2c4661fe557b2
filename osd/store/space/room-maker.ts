/** Room on the file system, which others may have filled: for the ballast, without which clients' writes are refused. */
import { type CairnError, toCairnError } from '../../../base/errors.js';
import type { Logger } from '../../../runtime/log.js';
import type { Checkpointer } from '../checkpoint/checkpointer.js';
import type { SegmentPool } from '../segments/segment-pool.js';
import type { Ballast } from './ballast.js';
import type { Space } from './space.js';

export interface RoomParts {
  readonly ballast: Ballast;
  readonly pool: SegmentPool;
  readonly space: Space;
  readonly checkpointer: Checkpointer;
  readonly segmentBytes: number;
  readonly log: Logger;
  readonly onMade: () => void;
  readonly onFailed: (error: CairnError) => void;
}

export class RoomMaker {
  readonly #parts: RoomParts;
  #looking: Promise<void> | undefined;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** The file system had too little: perhaps there is some by now. */
  look(): void {
    const { ballast, pool, onMade, onFailed } = this.#parts;
    if (this.#looking !== undefined || !(ballast.isGivenUp || pool.lacksRoom)) return;
    const ended = (tell: () => void): void => {
      this.#looking = undefined;
      tell();
    };
    this.#looking = this.#make().then(
      () => ended(onMade),
      (error: unknown) => ended(() => onFailed(toCairnError(error))),
    );
  }

  /** Resolves when nothing is being done. */
  async stopped(): Promise<void> {
    await this.#looking;
  }

  async #make(): Promise<void> {
    await this.#parts.ballast.ensureRoom(0);
    await this.#parts.pool.lookForRoom();
    await this.#giveBack();
  }

  /**
   * Free segments that the store can do without are given up for the ballast, if they are enough: all of them, or somebody
   * else's files would fill the room for nothing.
   */
  async #giveBack(): Promise<void> {
    const { ballast, pool, space, checkpointer, segmentBytes, log } = this.#parts;
    const removed = await pool.removeGivenBack(checkpointer.last.number);
    if (removed > 0) {
      log.warn({ files: removed }, 'free segment files were given back to a full file system');
      await ballast.ensureRoom(0);
    }
    const missing = await ballast.missingBytes();
    if (missing === 0 || pool.isGivingBack) return;
    space.recount();
    const count = Math.ceil(missing / segmentBytes);
    if (count > space.spareSegments) return;
    const { last, isFrozen } = checkpointer;
    // What is frozen already does not say it.
    pool.giveBack(count, last.number + (isFrozen ? 2 : 1));
  }
}
