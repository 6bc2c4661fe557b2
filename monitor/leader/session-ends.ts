/**
 * Which sessions of clients are over: those whose clients said so, and the longest idle when there are too many. They go
 * into the next entry, whatever it is about; a leader writes one every few seconds, so an end costs none of its own. What
 * is lost here, with the lead or at the bound, stays a session until it was idle for long.
 */
import type { MonitorState } from '../state/state.js';

/** Said and not written yet, at some 100 bytes. More come only with thousands of clients a second. */
const saidMax = 10_000;
/** In one entry: some 50 KiB. */
const perEntryMax = 1_000;
/** Between two looks through all sessions that found too few: each takes some ms. In the sessions' time. */
const lookAgainMs = 1_000;

type Sessions = MonitorState['sessions'];

export class SessionEnds {
  readonly #said = new Set<string>();
  #lookAt = 0;

  /** The client of `session` is done, and has all its answers. */
  say(session: string): void {
    if (this.#said.size < saidMax) this.#said.add(session);
  }

  /** For the next entry. Those that `isBusy` have a change in it and live on. */
  take(sessions: Sessions, isBusy: (session: string) => boolean): readonly string[] {
    const ends = new Set<string>();
    for (const session of this.#said) {
      if (ends.size === perEntryMax) break;
      this.#said.delete(session);
      if (sessions.isLive(session) && !isBusy(session)) ends.add(session);
    }
    for (const session of this.#surplus(sessions)) {
      if (ends.size === perEntryMax) break;
      if (!isBusy(session)) ends.add(session);
    }
    return [...ends];
  }

  #surplus(sessions: Sessions): readonly string[] {
    if (sessions.clockMs < this.#lookAt) return [];
    const surplus = sessions.surplus();
    if (surplus.length < perEntryMax) this.#lookAt = sessions.clockMs + lookAgainMs;
    return surplus;
  }
}
