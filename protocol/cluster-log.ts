import type { WallMs } from '../base/instants.js';

export type ClusterLogSeverity = 'debug' | 'info' | 'warn' | 'error';

/** One event of the cluster, for people: `osd.3 marked down: reported by 2 of 2 failure domains`. */
export interface ClusterLogRecord {
  /** 1, 2, 3… through the cluster's life. */
  readonly number: number;
  readonly at: WallMs;
  /** The daemon that it happened to or that said so. */
  readonly source: string;
  readonly severity: ClusterLogSeverity;
  readonly message: string;
}

/** A change that somebody asked for, with its outcome. Secrets are left out. */
export interface AuditRecord {
  readonly number: number;
  readonly at: WallMs;
  /** The entity whose key was used: `client.admin`. */
  readonly who: string;
  /** The address that it came from. */
  readonly from: string;
  readonly command: string;
  /** As JSON, at most 4 KiB. */
  readonly args: string;
  /** The epoch that it made or was decided at; an error's code. */
  readonly outcome:
    { readonly kind: 'done'; readonly epoch: number } | { readonly kind: 'refused'; readonly code: string };
}
