/** What a monitor answers, to whom. Whatever arrives is checked here before any part sees it. */
import { CairnError } from '../../base/errors.js';
import { type MonotonicMs, monotonicMs, type WallMs, wallMs } from '../../base/instants.js';
import { epoch, osdId } from '../../cluster/ids.js';
import { printAddress } from '../../protocol/address-text.js';
import { unpackRequest } from '../../protocol/command-payload.js';
import {
  beaconMethod,
  type BeaconReply,
  commandMethod,
  endSessionMethod,
  failureMethod,
  forwardEndMethod,
  forwardMethod,
  joinMethod,
  raftMethod,
  subscribeMethod,
  vitalsMethod,
} from '../../protocol/monitor-methods.js';
import * as schemas from '../../protocol/monitor-schemas.js';
import { pgReportsMethod, pgReportsSchema } from '../../protocol/pg-reports.js';
import { parseWith } from '../../protocol/schema.js';
import type { Clock } from '../../runtime/clock.js';
import type { HandlerTable, IncomingRequest } from '../../wire/handlers.js';
import type { Method } from '../../wire/method.js';
import type { Peer } from '../../wire/peer.js';
import type { Consensus } from '../consensus/types.js';
import { decodeMessage } from '../raft/codec/message-codec.js';
import type { MonitorState } from '../state/state.js';
import type { Leading, Office } from './leading.js';
import { type Mesh, monitorName } from './mesh.js';
import { RequestWait } from './request-wait.js';
import type { Requests } from './requests.js';
import type { SoftBook } from './soft-book.js';
import type { Subscriptions } from './subscriptions.js';

/** For the end of a session to leave for the leader. */
const endMs = 5_000;

export interface HandlerParts {
  readonly clock: Clock;
  readonly state: MonitorState;
  readonly consensus: Consensus;
  readonly leading: Leading;
  readonly mesh: Mesh;
  readonly requests: Requests;
  readonly book: SoftBook;
  readonly subscriptions: Subscriptions;
  /** The connection to the leader, when that is another monitor. */
  leader(): Peer | undefined;
}

export function registerHandlers(handlers: HandlerTable, parts: HandlerParts): void {
  const { state, consensus, leading, mesh, requests, book, subscriptions, clock } = parts;

  handlers.on(commandMethod, async (incoming) => {
    const { peer, payload } = incoming;
    const header = parseWith(schemas.commandRequest, incoming.header, 'mon.command');
    const asked = { ...unpackRequest({ header, payload }), entity: peer.name, from: printAddress(peer.remote) };
    return requests.run(asked, waitOf(incoming));
  });

  handlers.on(forwardMethod, async (incoming) => {
    mustBeMonitor(parts, incoming.peer);
    const header = parseWith(schemas.forwardedRequest, incoming.header, 'mon.forward');
    return requests.runAsLeader(unpackRequest({ header, payload: incoming.payload }), waitOf(incoming));
  });

  handlers.onMessage(endSessionMethod, async ({ header, peer }) => {
    const end = { ...parseWith(schemas.endSession, header, 'mon.end-session'), entity: peer.name };
    if (leading.office !== undefined) leading.office.lead.endSession(end);
    // Without a leader, or when it does not get there, the session ends by being idle.
    else await parts.leader()?.tell(forwardEndMethod, end, { deadline: monotonicMs(clock.now() + endMs) });
  });

  handlers.onMessage(forwardEndMethod, ({ header, peer }) => {
    mustBeMonitor(parts, peer);
    leading.office?.lead.endSession(parseWith(schemas.forwardedEnd, header, 'mon.forward-end'));
  });

  handlers.onMessage(raftMethod, ({ peer, payload }) => {
    mustBeMonitor(parts, peer);
    const message = decodeMessage(payload);
    if (mesh.heard(message.from, peer)) consensus.receive(message);
  });

  handlers.on(subscribeMethod, ({ header, peer }) => {
    const request = parseWith(schemas.subscribeRequest, header, 'mon.subscribe');
    return { header: subscriptions.subscribe(peer, request) };
  });

  handlers.on(joinMethod, async (incoming) => {
    const request = parseWith(schemas.joinRequest, incoming.header, 'mon.join');
    if (incoming.peer.name !== `mon.${request.name}`) throw denied(incoming.peer, `join as mon.${request.name}`);
    mustBeMonitor(parts, incoming.peer);
    const { office } = leading;
    if (office === undefined) throw notLeader(parts);
    return { header: await office.membership.join(request, incoming.deadline) };
  });

  handlers.on(beaconMethod, async (incoming) => {
    const beacon = parseWith(schemas.osdBeacon, incoming.header, 'mon.beacon');
    mustSpeakFor(state, incoming.peer, beacon.osd);
    const { office } = leading;
    if (office === undefined) return passOn(parts, beaconMethod, incoming);
    const wall = office.lead.wall();
    book.noteOsd(beacon, wall);
    office.failures.take({ kind: 'beacon', osd: osdId(beacon.osd), boot: beacon.boot, at: clock.now() });
    return { header: replyOf(state, wall, office) };
  });

  handlers.on(pgReportsMethod, async (incoming) => {
    const { osd, pgs } = parseWith(pgReportsSchema, incoming.header, 'mon.pg-reports');
    mustSpeakFor(state, incoming.peer, osd);
    const { office } = leading;
    if (office === undefined) return passOn(parts, pgReportsMethod, incoming);
    book.notePgs(osdId(osd), pgs, state.map);
    return { header: { lead: office.lead.term } };
  });

  handlers.on(failureMethod, async (incoming) => {
    const report = parseWith(schemas.failureReport, incoming.header, 'mon.failure');
    mustSpeakFor(state, incoming.peer, report.reporter);
    const { office } = leading;
    if (office === undefined) return passOn(parts, failureMethod, incoming);
    takeReport(office, report, clock.now());
    return { header: {} };
  });

  handlers.on(vitalsMethod, (incoming) => {
    const report = parseWith(schemas.vitalsReport, incoming.header, 'mon.vitals');
    if (monitorName(incoming.peer) !== report.name) throw denied(incoming.peer, `speak for mon.${report.name}`);
    mustBeMonitor(parts, incoming.peer);
    const { office } = leading;
    if (office === undefined) throw notLeader(parts);
    book.noteMonitor(report, { at: clock.now(), wall: clock.wall() }, incoming.peer.rttMs ?? 0);
    return { header: replyOf(state, office.lead.wall(), office) };
  });
}

function takeReport(office: Office, report: typeof schemas.failureReport._zod.output, at: MonotonicMs): void {
  const reporter = osdId(report.reporter);
  const target = osdId(report.target);
  if (report.kind === 'heard') {
    office.failures.take({ kind: 'withdrawal', reporter, target });
    return;
  }
  const { targetUpFrom, silentMs, peerCount, kind } = report;
  const facts = { reporter, target, targetUpFrom: epoch(targetUpFrom), reason: kind, silentMs, peerCount, at };
  office.failures.take({ kind: 'report', report: facts });
}

function replyOf(state: MonitorState, wall: WallMs, { lead }: Office): BeaconReply {
  return { wall: wallMs(wall), epoch: state.map.epoch, lead: lead.term };
}

function waitOf(incoming: IncomingRequest<unknown>): RequestWait {
  const { deadline, level } = incoming;
  return new RequestWait(incoming, { deadline, within: { level } });
}

async function passOn<Req, Rep>(
  parts: HandlerParts,
  method: Method<Req, Rep>,
  incoming: IncomingRequest<Req>,
): Promise<{ header: Rep }> {
  const leader = parts.leader();
  // Passed on once only: two followers that take each other for the leader must not send it round and round.
  if (leader === undefined || incoming.peer.role === 'monitor') throw notLeader(parts);
  return leader.call(method, incoming.header, waitOf(incoming));
}

function mustBeMonitor({ state, mesh }: HandlerParts, peer: Peer): void {
  // Whom this one dialled has proven to know this one's key: only monitors know everybody's. Its own state may be too old
  // to know him: a monitor that joins begins with the first snapshot of the cluster, and learns from its leader.
  const isKnown = state.map.entities.has(peer.name) || mesh.hasDialled(peer);
  if (peer.authenticated && peer.name.startsWith('mon.') && isKnown) return;
  throw denied(peer, 'speak as a monitor', { notMonitor: true });
}

function mustSpeakFor(state: MonitorState, peer: Peer, osd: number): void {
  // Its connection may be older than the removal of its key.
  const isKnown = state.map.entities.has(peer.name);
  if (isKnown && (peer.name === `osd.${osd}` || peer.name.startsWith('mon.'))) return;
  throw denied(peer, `speak for osd.${osd}`);
}

function denied(peer: Peer, what: string, details: CairnError['details'] = {}): CairnError {
  const sentence = `${peer.name} may not ${what}; see \`cairn auth get ${peer.name}\``;
  return new CairnError('PERMISSION_DENIED', sentence, { details });
}

function notLeader({ consensus, state }: HandlerParts): CairnError {
  const { leader } = consensus.status;
  const monitor = [...state.map.monitors.values()].find(({ member }) => member === leader);
  return new CairnError('CONFLICT', 'this monitor does not lead; ask the leader', {
    details: { lostLead: true, ...(monitor === undefined ? {} : { leader: monitor.address }) },
  });
}
