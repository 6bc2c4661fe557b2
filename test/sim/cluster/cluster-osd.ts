/** An OSD of the whole-cluster simulation: a disk of its own in a machine that it may share, and what may be said of its end. */
import { type ErrorCode, isCairnError } from '../../../base/errors.js';
import type { OsdId } from '../../../cluster/ids.js';
import type { Credentials } from '../../../protocol/credentials.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { SimProcess } from '../../../runtime/sim/process.js';
import { SimOsd } from '../../osd/daemon/osd-cluster.js';

export class ClusterOsd extends SimOsd {
  readonly location: readonly string[];
  /** Where its disk is mounted: disks may change places. */
  mount: string;
  /** False while an operator keeps it off, or its disk is being worked at. */
  isWanted = true;
  /** Its disk failed, was full, or holds what belongs to another: it may stop by itself for it. */
  hasBadDisk = false;
  /** It was taken out of the cluster for good. */
  isRetired = false;
  /** Its disk has an old image, until it gets a new store. */
  wasRestored = false;
  startCount = 0;
  #judged: SimProcess | undefined;

  constructor(
    id: OsdId,
    machine: Machine,
    credentials: Credentials,
    place: { mount: string; location: readonly string[] },
  ) {
    super(id, machine, credentials);
    this.mount = place.mount;
    this.location = place.location;
  }

  override get directory(): string {
    return `${this.mount}/store`;
  }

  /** As an init system does, again and again: nothing when it runs, may not run, or its machine is down. */
  boot(): void {
    if (!this.isWanted || this.isRetired || !this.machine.isUp || this.process?.isAlive === true) return;
    this.judge();
    this.startCount += 1;
    this.start({ location: this.location });
  }

  /** It is an image that the cluster refused: nobody can make it whole but its peers. */
  get isBeyondRepair(): boolean {
    return this.process?.isAlive === false && this.wasRestored && this.ended?.code === 'CONFLICT';
  }

  /** For the report of a failure. */
  describe(): string {
    const name = `osd.${this.id} at ${this.machine.name}:${this.mount}, start ${this.startCount}:`;
    if (this.process?.isAlive === true)
      return `${name} ${this.daemon?.status.state ?? 'starting'}${this.#complaints()}`;
    const error: unknown = this.ended ?? this.process?.failure;
    const why = error instanceof Error ? `, by itself: ${error.message}` : '';
    return `${name} dead${why}${this.isWanted ? '' : ', kept off'}${this.machine.isUp ? '' : ', no power'}`;
  }

  /** What its log says last that somebody should read. */
  #complaints(): string {
    const logs = this.process?.logs.filter(({ level }) => level === 'warn' || level === 'error') ?? [];
    return logs
      .filter(({ sentence }) => !sentence.startsWith('connecting without TLS'))
      .slice(-complaintsShown)
      .map(({ time, sentence, fields: { err, ...fields } }) => {
        const error = err instanceof Error ? ` ${err.message}` : '';
        return `\n      ${time.toFixed(0)} ${sentence}${error} ${JSON.stringify(fields)}`;
      })
      .join('');
  }

  /** Throws if it stopped by itself without a reason that was given to it. Once for each of its lives. */
  judge(): void {
    const { process, ended } = this;
    if (process === undefined || process === this.#judged || process.isAlive) return;
    this.#judged = process;
    const error: unknown = ended ?? process.failure;
    if (error === undefined || (this.hasBadDisk && isCausedBy(error, codesOfDisks))) return;
    // It was told, in one way or other, that the cluster does not know it any more.
    if (this.isRetired && isCausedBy(error, codesOfStrangers)) return;
    const why = error instanceof Error ? (error.stack ?? error.message) : 'no error';
    throw new Error(`osd.${this.id} stopped by itself: ${why}`, { cause: error });
  }
}

const complaintsShown = 3;

const codesOfDisks = ['IO_ERROR', 'NO_SPACE', 'CORRUPT', 'CONFLICT', 'NOT_FOUND'] as const;

const codesOfStrangers = ['AUTHENTICATION_FAILED', 'PERMISSION_DENIED', 'NOT_FOUND', 'CONFLICT'] as const;

function isCausedBy(failure: unknown, codes: readonly ErrorCode[]): boolean {
  for (let error = failure; error instanceof Error; error = error.cause) {
    const found = error;
    if (codes.some((code) => isCairnError(found, code))) return true;
  }
  return false;
}
