/**
 * One connection for each OSD that is talked to. Each belongs to one life of the OSD at one address: another boot gets
 * another, and the old one is closed first, so that nothing of it can follow what is sent over the new one.
 */
import { CairnError, isCairnError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import type { MonotonicMs } from '../base/instants.js';
import type { OsdId } from '../cluster/ids.js';
import type { ClusterMap } from '../cluster/map.js';
import type { Timer, WaitOptions } from '../runtime/clock.js';
import type { TlsOptions } from '../runtime/network.js';
import type { Runtime } from '../runtime/runtime.js';
import { Dialer } from '../wire/dialer.js';
import type { Identity } from '../wire/identity.js';
import type { Method, Reply } from '../wire/method.js';
import { newWireMetrics, type WireMetrics } from '../wire/metrics.js';
import type { CallOptions, Peer } from '../wire/peer.js';
import type { Route } from './route.js';

export interface OsdLinksOptions {
  readonly identity: Identity;
  readonly tls?: TlsOptions | undefined;
  /** With it, both ends prove that they know it. Without, TLS alone says who is there. */
  readonly key?: Uint8Array | undefined;
}

/** Beyond, one that nothing uses gives way; when all are in use there are more: as many as requests are under way. */
const linksMax = 256;
/** Longer than the pauses of somebody who works with a cluster by hand; a connection costs both ends some 20 KiB. */
const idleMs = 60_000;
/** An OSD that restarts is found soon; one that is down is in the map within a second, and its link goes. */
const backoffMs = { backoffMsMin: 25, backoffMsMax: 500 };

interface Link {
  readonly boot: number;
  readonly host: string;
  readonly port: number;
  readonly dialer: Dialer;
  calls: number;
  usedAt: MonotonicMs;
}

export class OsdLinks {
  readonly metrics: WireMetrics = newWireMetrics();
  readonly #runtime: Runtime;
  readonly #options: OsdLinksOptions;
  /** By last use. */
  readonly #links = new Map<OsdId, Link>();
  readonly #closings = new Set<Promise<void>>();
  #sweep: Timer | undefined;
  #isClosed = false;

  constructor(runtime: Runtime, options: OsdLinksOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  get count(): number {
    return this.#links.size;
  }

  /** As `Peer.call`. Waits for a connection; what a handshake fails with has `details.isHandshake`. */
  async call<Req, Rep>(
    route: Route,
    method: Method<Req, Rep>,
    header: Req,
    options: WaitOptions & Pick<CallOptions, 'payload' | 'withdrawal'>,
  ): Promise<Reply<Rep>> {
    if (this.#isClosed) throw closed();
    const link = this.#linkTo(route);
    link.calls += 1;
    try {
      const peer = link.dialer.peer ?? (await connected(link.dialer, waitOf(options)));
      return await peer.call(method, header, options);
    } finally {
      link.calls -= 1;
      link.usedAt = this.#runtime.clock.now();
    }
  }

  /** Links to lives of OSDs that are over go, once nobody waits there: who does is told by other means. */
  onMap({ osds }: Pick<ClusterMap, 'osds'>): void {
    for (const [osd, link] of this.#links) {
      const info = osds.get(osd);
      const address = info?.publicAddress;
      const isSame = address?.host === link.host && address.port === link.port && info?.boot === link.boot;
      const isOfUse = isSame && info.isUp;
      if (link.calls === 0 && !isOfUse) this.#end(osd, link);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweep?.cancel();
    for (const [osd, link] of this.#links) this.#end(osd, link);
    await Promise.all(this.#closings);
  }

  #linkTo({ osd, boot, address }: Route): Link {
    const known = this.#links.get(osd);
    if (known !== undefined) {
      const isSame = known.boot === boot && known.host === address.host && known.port === address.port;
      this.#links.delete(osd);
      if (isSame) {
        this.#links.set(osd, known);
        return known;
      }
      this.#end(osd, known);
    }
    this.#makeRoom();
    const { identity, tls, key } = this.#options;
    const dialer = new Dialer(
      this.#runtime,
      { address, identity, tls, expectedName: `osd.${osd}`, ...backoffMs },
      { key, metrics: this.metrics },
    );
    const link = { boot, ...address, dialer, calls: 0, usedAt: this.#runtime.clock.now() };
    this.#links.set(osd, link);
    this.#sweepLater();
    return link;
  }

  #makeRoom(): void {
    if (this.#links.size < linksMax) return;
    for (const [osd, link] of this.#links) {
      if (link.calls > 0) continue;
      this.#end(osd, link);
      return;
    }
  }

  /** What was sent and not answered fails at once; nothing of it is sent after this. */
  #end(osd: OsdId, link: Link): void {
    if (this.#links.get(osd) === link) this.#links.delete(osd);
    const closing = link.dialer.close().finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }

  #sweepLater(): void {
    if (this.#sweep !== undefined || this.#isClosed) return;
    this.#sweep = this.#runtime.clock.after(idleMs / 2, () => {
      this.#sweep = undefined;
      const now = this.#runtime.clock.now();
      for (const [osd, link] of this.#links) {
        if (link.calls === 0 && now - link.usedAt >= idleMs) this.#end(osd, link);
      }
      if (this.#links.size > 0) this.#sweepLater();
    });
  }
}

function waitOf({ deadline, signal, withdrawal }: WaitOptions & Pick<CallOptions, 'withdrawal'>): WaitOptions {
  return { deadline, signal: signal ?? withdrawal?.signal };
}

async function connected(dialer: Dialer, wait: WaitOptions): Promise<Peer> {
  try {
    const peer = await dialer.connected(wait);
    invariant(dialer.peer === undefined || dialer.peer === peer, 'a dialer has one connection');
    return peer;
  } catch (error) {
    if (!isCairnError(error)) throw error;
    const { code, message, details } = error;
    throw new CairnError(code, message, { details: { ...details, isHandshake: true }, cause: error });
  }
}

function closed(): CairnError {
  return new CairnError('CLOSED', 'this client was closed');
}
