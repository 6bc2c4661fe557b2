/**
 * The network between members, as bad as Raft allows: each message may be lost, repeated, late and out of order; links are
 * cut one way or both. A message that met a cut may turn up long after, as from a connection that was made again.
 */
import type { Transport } from '../../../monitor/consensus/types.js';
import { decodeMessage, encodeMessage } from '../../../monitor/raft/codec/message-codec.js';
import type { MemberId, RaftMessage } from '../../../monitor/raft/types.js';
import type { Clock } from '../../../runtime/clock.js';
import type { Prng } from '../../../runtime/sim/prng.js';

export interface Mischief {
  readonly lossRate: number;
  readonly repeatRate: number;
  /** Of a message that takes up to `lateMsMax`. */
  readonly lateRate: number;
}

const peaceful: Mischief = { lossRate: 0, repeatRate: 0, lateRate: 0 };
const lateMsMax = 1_500;

export class AdversaryNetwork implements Transport {
  readonly #clock: Clock;
  readonly #random: Prng;
  readonly #deliver: (message: RaftMessage) => void;
  /** Whether messages really become bytes on their way; slower. */
  readonly #encodes: boolean;
  #mischief: Mischief;
  readonly #cuts = new Set<string>();

  constructor(clock: Clock, random: Prng, deliver: (message: RaftMessage) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#deliver = deliver;
    this.#encodes = random.chance(0.2);
    this.#mischief = {
      lossRate: random.pick([0, 0.01, 0.05, 0.2]),
      repeatRate: random.pick([0, 0.02, 0.2]),
      lateRate: random.pick([0, 0.01, 0.05]),
    };
  }

  send(message: RaftMessage): void {
    const { lossRate, repeatRate } = this.#mischief;
    const isCut = this.#cuts.has(linkOf(message.from, message.to));
    const isLost = this.#random.chance(isCut ? 0.9 : lossRate);
    if (isLost) return;
    this.#dispatch(message, isCut);
    if (this.#random.chance(repeatRate)) this.#dispatch(message, isCut);
  }

  flush(): void {}

  cut(from: MemberId, to: MemberId): void {
    this.#cuts.add(linkOf(from, to));
  }

  heal(): void {
    this.#cuts.clear();
  }

  /** From now on all arrives, soon, once. */
  makePeace(): void {
    this.heal();
    this.#mischief = peaceful;
  }

  #dispatch(message: RaftMessage, isHeld: boolean): void {
    const isLate = isHeld || this.#random.chance(this.#mischief.lateRate);
    const delayMs = isLate ? this.#random.between(1, lateMsMax) : this.#random.between(0.1, 1);
    const carried = this.#encodes ? decodeMessage(encodeMessage(message)) : message;
    this.#clock.after(delayMs, () => this.#deliver(carried));
  }
}

function linkOf(from: MemberId, to: MemberId): string {
  return `${from}>${to}`;
}
