/**
 * Whom an OSD heartbeats: pure.
 *
 * Those it shares PGs with notice first what clients notice, so they come first. But a target is marked down only on reports
 * of two failure domains, so that it needs watchers in several, whether it shares PGs with them or not. Chance alone leaves some
 * without. So all OSDs stand on a ring, by a hash of their ids, and each is watched by the nearest before it in each of three
 * other domains. Whom to choose among the rest is decided by a hash of the *pair*: both ends rank each other alike, so that
 * everybody is watched by about as many as he watches, and all agree without a word.
 */
import type { Steps } from '../../base/steps.js';
import { hash32of2 } from '../../crush/hash.js';
import { type OsdId, osdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { OsdInfo } from '../../cluster/osd.js';
import { markOsds } from '../../cluster/pg/plan-osd-change.js';
import type { Topology } from '../../cluster/topology.js';

/** Two answers a second from each: 20 cost less than one per cent of a core, and a target that has them is not overlooked. */
const peersMax = 20;
/** As Ceph's `osd_heartbeat_min_peers`: with few PGs or none, others make up the number. */
const peersMin = 10;
/** One more than the two that convict, as one may be down itself. */
const domainsMin = 3;
/** Any number: it sets the places on the ring apart from the ranks of pairs. */
const ringSeed = 0x52494e47;
/** PGs that are looked at in one step: some 0.1 ms. */
const scanMax = 10_000;

/**
 * OSDs that are members of a PG of `self`, by the records. Who will join by CRUSH's wish is not among them yet: nothing waits
 * for it.
 */
export function* partnersSteps({ records }: Pick<ClusterMap, 'records'>, self: OsdId): Steps<Set<OsdId>> {
  const partners = new Set<OsdId>();
  const cursor = records.cursor();
  const marks = markOsds([self]);
  for (;;) {
    const move = cursor.nextMarked(marks, scanMax);
    if (move === 'end') break;
    if (move === 'paused') yield;
    else for (let member = 0; member < cursor.memberCount; member++) partners.add(osdId(cursor.osdAt(member)));
  }
  partners.delete(self);
  return partners;
}

export interface PeerChoice {
  readonly self: OsdId;
  readonly partners: ReadonlySet<OsdId>;
  readonly topology: Topology;
  /** The type of failure domains whose reports count apart: `mon_osd_reporter_subtree_level`. */
  readonly domainLevel: string;
}

/** At most 20 that are up, in the order of their rank. */
export function chooseHeartbeatPeers({ osds }: Pick<ClusterMap, 'osds'>, choice: PeerChoice): OsdInfo[] {
  const { self, partners } = choice;
  const ranked = [...osds.values()]
    .filter(({ id, isUp, clusterAddress }) => id !== self && isUp && clusterAddress !== undefined)
    .map((osd) => ({ osd, isPartner: partners.has(osd.id), rank: pairRank(self, osd.id) }))
    .sort((a, b) => Number(b.isPartner) - Number(a.isPartner) || a.rank - b.rank || a.osd.id - b.osd.id);
  const chosen = firstOfDomains(
    ranked.map(({ osd }) => osd),
    osds.get(self),
    choice,
  );
  for (const osd of wardsOnRing([...osds.values()], choice)) if (chosen.size < peersMax) chosen.add(osd);
  for (const { osd, isPartner } of ranked) {
    if (chosen.size >= (isPartner ? peersMax : peersMin)) continue;
    chosen.add(osd);
  }
  return [...chosen];
}

/** The best of each of the first few failure domains other than one's own. */
function firstOfDomains(
  ranked: readonly OsdInfo[],
  own: OsdInfo | undefined,
  { topology, domainLevel, self }: PeerChoice,
): Set<OsdInfo> {
  const seen = new Set([topology.domainOf(self, domainLevel, own?.hostname ?? '')]);
  const chosen = new Set<OsdInfo>();
  for (const osd of ranked) {
    if (chosen.size >= domainsMin) break;
    const domain = topology.domainOf(osd.id, domainLevel, osd.hostname);
    if (seen.has(domain)) continue;
    seen.add(domain);
    chosen.add(osd);
  }
  return chosen;
}

/**
 * Whom `self` watches by its place on the ring: those behind it to whom it is the nearest of its domain, and no three other
 * domains are nearer. Three for each on average, as each is watched by three.
 */
function wardsOnRing(osds: readonly OsdInfo[], { self, topology, domainLevel }: PeerChoice): OsdInfo[] {
  const domainOf = ({ id, hostname }: OsdInfo): string => topology.domainOf(id, domainLevel, hostname);
  const ring = osds
    .filter(({ id, isUp, clusterAddress }) => id === self || (isUp && clusterAddress !== undefined))
    .map((osd) => ({ osd, place: hash32of2(osd.id, ringSeed) }))
    .sort((a, b) => a.place - b.place || a.osd.id - b.osd.id)
    .map(({ osd }) => osd);
  const at = ring.findIndex(({ id }) => id === self);
  const [own, ...behind] = [...ring.slice(at), ...ring.slice(0, at)];
  if (at < 0 || own === undefined) return [];
  const ownDomain = domainOf(own);
  const between = new Set<string>();
  const wards: OsdInfo[] = [];
  for (const osd of behind) {
    const domain = domainOf(osd);
    // Another of its own domain is nearer to all that follow; or there are three others whatever domain they are of.
    if (domain === ownDomain || between.size > domainsMin) break;
    if (between.size - (between.has(domain) ? 1 : 0) < domainsMin) wards.push(osd);
    between.add(domain);
  }
  return wards;
}

function pairRank(a: OsdId, b: OsdId): number {
  return hash32of2(Math.min(a, b), Math.max(a, b));
}
