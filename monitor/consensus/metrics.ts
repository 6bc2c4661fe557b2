/** Counters since the start unless said otherwise; whoever exports them reads them when asked. */
export interface ConsensusMetrics {
  /** Accepted into the log by this leader. */
  proposals: number;
  /** Refused, for want of leadership or of room. */
  proposalsRefused: number;
  /** Synced writes, the entries in them, and how long they took. */
  writes: number;
  entriesWritten: number;
  writeSeconds: number;
  writeSecondsMax: number;
  entriesApplied: number;
  /** Now: committed and not applied yet. */
  applyLag: number;
  snapshotsTaken: number;
  snapshotsRestored: number;
  /** Members that had a part of a snapshot and were sent a newer one from its beginning, by this leader. */
  transfersBegunAnew: number;
  leaderChanges: number;
  readBarriers: number;
  /** Rounds of ReadIndex: several barriers share one. */
  readRounds: number;
  messagesReceived: number;
  messagesSent: number;
  /** For want of room, or meant for somebody else. */
  messagesDropped: number;
  /** Ticks that came more than an election timeout late: this process or its machine stood still. */
  stalls: number;
}

export function newMetrics(): ConsensusMetrics {
  return {
    proposals: 0,
    proposalsRefused: 0,
    writes: 0,
    entriesWritten: 0,
    writeSeconds: 0,
    writeSecondsMax: 0,
    entriesApplied: 0,
    applyLag: 0,
    snapshotsTaken: 0,
    snapshotsRestored: 0,
    transfersBegunAnew: 0,
    leaderChanges: 0,
    readBarriers: 0,
    readRounds: 0,
    messagesReceived: 0,
    messagesSent: 0,
    messagesDropped: 0,
    stalls: 0,
  };
}
