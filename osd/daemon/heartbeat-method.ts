import { defineMethod } from '../../wire/method.js';

export interface HeartbeatReply {
  /** Of the process that answers: a later one than the map has says that the life in the map is over. */
  readonly boot: number;
}

/** Between OSDs, on connections that carry nothing else: whatever the PGs send holds no heartbeat up. */
export const heartbeatMethod = defineMethod<Record<string, never>, HeartbeatReply>('osd.heartbeat');
