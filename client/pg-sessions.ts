/**
 * Numbers for requests that change something, and the lowest one still waited for. Pure but for the ids, which are drawn.
 *
 * A session belongs to one PG: OSDs keep answers per PG, from the session's floor up, and one client-wide session
 * would hold its floor down everywhere for a single request that a PG without enough copies keeps waiting for half a minute: the other PGs would soon
 * have 1,024 answers each, and refuse. A request keeps the session and the number that it began with, also when its PG
 * splits: answers go with the objects (PG-PROTOCOL.md section 6, h).
 */
import type { PgId } from '../cluster/ids.js';

/**
 * Numbers from the lowest that waits to the highest given out, at which the PG gets another session: the answers that an
 * OSD keeps of one are fewer than the 1,024 that it takes, and nobody waits for the one that is late.
 */
export const spanMax = 1_000;
/** Sessions kept of PGs for which nothing is under way; beyond, the one unused for longest is forgotten. */
export const idleSessionsMax = 4_096;

export interface RequestTicket {
  /** 16 bytes. */
  readonly session: Uint8Array;
  /** From 1. */
  readonly number: number;
  /** Read anew for each attempt: it rises as others end. */
  readonly floor: number;
  /** Nobody waits for it any more: no attempt may follow. Idempotent. */
  end(): void;
}

interface Session {
  readonly id: Uint8Array;
  last: number;
  /** In the order given out, which is ascending. */
  readonly waiting: Set<number>;
}

export class PgSessions {
  readonly #drawId: () => Uint8Array;
  readonly #idleMax: number;
  /** The one in use of each PG that has requests under way, and of others by last use. */
  readonly #busy = new Map<string, Session>();
  readonly #idle = new Map<string, Session>();

  constructor(drawId: () => Uint8Array, idleMax = idleSessionsMax) {
    this.#drawId = drawId;
    this.#idleMax = idleMax;
  }

  begin({ pool, pg }: PgId): RequestTicket {
    const key = `${pool}.${pg}`;
    const session = this.#sessionOf(key);
    session.last += 1;
    const number = session.last;
    session.waiting.add(number);
    return {
      session: session.id,
      number,
      get floor() {
        return floorOf(session);
      },
      end: () => {
        session.waiting.delete(number);
        if (session.waiting.size === 0 && this.#busy.get(key) === session) this.#rest(key, session);
      },
    };
  }

  /** For a request that changes nothing; it tells the floor all the same. `undefined` when the PG has no session. */
  peek({ pool, pg }: PgId): { readonly session: Uint8Array; readonly floor: number } | undefined {
    const key = `${pool}.${pg}`;
    const session = this.#busy.get(key) ?? this.#idle.get(key);
    return session === undefined ? undefined : { session: session.id, floor: floorOf(session) };
  }

  #sessionOf(key: string): Session {
    const busy = this.#busy.get(key);
    if (busy !== undefined && busy.last + 1 - floorOf(busy) < spanMax) return busy;
    // One that spans too much is left to those who wait in it.
    const session = this.#idle.get(key) ?? { id: this.#drawId(), last: 0, waiting: new Set() };
    this.#idle.delete(key);
    this.#busy.set(key, session);
    return session;
  }

  #rest(key: string, session: Session): void {
    this.#busy.delete(key);
    this.#idle.set(key, session);
    for (const oldest of this.#idle.keys()) {
      if (this.#idle.size <= this.#idleMax) return;
      this.#idle.delete(oldest);
    }
  }
}

function floorOf({ waiting, last }: Session): number {
  for (const lowest of waiting) return lowest;
  return last + 1;
}
