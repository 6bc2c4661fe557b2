/** What a monitor counts, for Prometheus. Numbers that other parts keep are read when asked for. */
import { MetricsRegistry } from '../../base/metrics/registry.js';
import type { ConsensusMetrics } from '../consensus/metrics.js';
import type { RaftStatus } from '../raft/output.js';
import type { MonitorState } from '../state/state.js';

export interface MetricsSources {
  readonly state: MonitorState;
  readonly raft: () => RaftStatus;
  readonly consensus: ConsensusMetrics;
  readonly requestsUnderWay: () => number;
  readonly changesQueued: () => number;
  readonly followers: () => number;
  readonly messagesDropped: () => number;
  readonly loopDelayMs: () => number;
}

export function monitorMetrics(sources: MetricsSources): MetricsRegistry {
  const registry = new MetricsRegistry();
  const { state, raft, consensus } = sources;
  const gauge = (name: string, help: string, read: () => number): void =>
    registry.read('gauge', { name: `cairn_mon_${name}`, help }, read);
  const counter = (name: string, help: string, read: () => number): void =>
    registry.read('counter', { name: `cairn_mon_${name}_total`, help }, read);

  gauge('is_leader', '1 while this monitor leads.', () => (raft().role === 'leader' ? 1 : 0));
  gauge('has_leader', '1 while this monitor knows a leader.', () => (raft().leader === undefined ? 0 : 1));
  gauge('raft_term', 'The current term.', () => raft().term);
  gauge('raft_commit_index', 'The last committed entry that this monitor knows of.', () => raft().commit);
  gauge('raft_last_index', 'The last entry of the log here.', () => raft().last);
  gauge('raft_voters', 'Monitors with a vote.', () => raft().membership.voters.length);
  gauge('raft_apply_lag_entries', 'Committed and not applied yet.', () => consensus.applyLag);
  counter('raft_leader_changes', 'Leaders that this monitor saw.', () => consensus.leaderChanges);
  counter('raft_writes', 'Synced writes of the log.', () => consensus.writes);
  counter('raft_write_seconds', 'Time that synced writes took.', () => consensus.writeSeconds);
  counter('raft_entries_written', 'Entries in those writes.', () => consensus.entriesWritten);
  counter('raft_entries_applied', 'Entries applied.', () => consensus.entriesApplied);
  counter('raft_proposals', 'Entries that this monitor proposed.', () => consensus.proposals);
  counter(
    'raft_proposals_refused',
    'Proposals refused for want of leadership or room.',
    () => consensus.proposalsRefused,
  );
  counter('raft_snapshots_taken', 'Snapshots of the state.', () => consensus.snapshotsTaken);
  counter('raft_snapshots_restored', 'Snapshots that replaced the state.', () => consensus.snapshotsRestored);
  counter(
    'raft_snapshot_transfers_begun_anew',
    'Members that had a part of a snapshot and were sent a newer one from its beginning, by this leader.',
    () => consensus.transfersBegunAnew,
  );
  counter('raft_messages_dropped', 'Raft messages that could not be sent or taken in.', () => {
    return consensus.messagesDropped + sources.messagesDropped();
  });
  counter('raft_stalls', 'Times that this process stood still for an election timeout.', () => consensus.stalls);
  gauge('map_epoch', 'Epoch of the cluster map here.', () => state.map.epoch);
  gauge('map_osds', 'OSDs in the map.', () => state.map.osds.size);
  gauge('map_pgs', 'PGs in the map.', () => state.map.records.count);
  gauge('map_pools', 'Pools in the map.', () => state.map.pools.size);
  gauge('requests_under_way', 'Requests of clients and daemons at this monitor.', sources.requestsUnderWay);
  gauge('changes_queued', 'Changes that wait for the next entry of the log.', sources.changesQueued);
  gauge('sessions', 'Clients whose answers are kept for retries.', () => state.sessions.liveCount);
  gauge('sessions_kept', 'The same, with those whose sessions are over.', () => state.sessions.count);
  gauge('followers', 'Subscriptions to the map and the cluster log.', sources.followers);
  gauge('loop_delay_seconds', 'The worst delay of the event loop in the last ten seconds.', () => {
    return sources.loopDelayMs() / 1000;
  });
  return registry;
}
