/** How many independent witnesses it takes to call an OSD down, and how many there are. */
import type { OsdId } from '../../cluster/ids.js';

export interface Verdict {
  /** Independent witnesses heard. */
  readonly heard: number;
  /** At least 1. */
  readonly needed: number;
}

export function convicts({ heard, needed }: Verdict): boolean {
  return heard >= needed;
}

/**
 * Those who could report just now, by failure domain. Within the target's own domain everything may have gone wrong at
 * once, and what is wrong there looks from inside as if the others were: its members are heard only when no other domain
 * has a live OSD, and each then speaks for itself.
 */
export class Witnesses {
  readonly #domainOf: (osd: OsdId) => string;
  readonly #domainsNeeded: number;
  readonly #live = new Set<OsdId>();
  readonly #liveIn = new Map<string, number>();

  constructor(live: Iterable<OsdId>, domainOf: (osd: OsdId) => string, domainsNeeded: number) {
    this.#domainOf = domainOf;
    this.#domainsNeeded = domainsNeeded;
    for (const osd of live) {
      this.#live.add(osd);
      const domain = domainOf(osd);
      this.#liveIn.set(domain, (this.#liveIn.get(domain) ?? 0) + 1);
    }
  }

  isLive(osd: OsdId): boolean {
    return this.#live.has(osd);
  }

  /** It is being marked down: from here on it is nobody's witness, so that two that accuse each other do not both go. */
  exclude(osd: OsdId): void {
    if (!this.#live.delete(osd)) return;
    const domain = this.#domainOf(osd);
    const left = (this.#liveIn.get(domain) ?? 1) - 1;
    if (left === 0) this.#liveIn.delete(domain);
    else this.#liveIn.set(domain, left);
  }

  /** `reporters` are those whose report about `target` counts; the ones that are not live are passed over. */
  weigh(target: OsdId, reporters: Iterable<OsdId>): Verdict {
    const own = this.#domainOf(target);
    const liveInOwn = this.#liveIn.get(own) ?? 0;
    const others = this.#liveIn.size - (liveInOwn > 0 ? 1 : 0);
    const couldReport = others > 0 ? others : liveInOwn - (this.#live.has(target) ? 1 : 0);
    const heard = new Set<string>();
    for (const reporter of reporters) {
      if (!this.#live.has(reporter) || reporter === target) continue;
      const domain = this.#domainOf(reporter);
      if (others === 0) heard.add(`osd.${reporter}`);
      else if (domain !== own) heard.add(domain);
    }
    return { heard: heard.size, needed: Math.max(1, Math.min(this.#domainsNeeded, couldReport)) };
  }
}
