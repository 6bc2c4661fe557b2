/** Before OSDs are taken away: may they stop, may their disks be destroyed, and taking the data off them first. */
import * as z from 'zod/mini';
import { defineChange, defineQuery } from '../command.js';
import { type ChangeReport, namedOsdsField } from './fields.js';

export interface OsdObjection {
  /** `1.2f` */
  readonly pg: string;
  /** What would be wrong with it: `would have 1 of the 2 copies that it needs to serve`. */
  readonly reason: string;
}

export interface OsdVerdict {
  readonly isOk: boolean;
  /** PGs that were looked at, as one of the OSDs has to do with them. */
  readonly pgs: number;
  /** Of these, the ones that speak against it. */
  readonly objecting: number;
  /** Of these, the first by PG; at most `objectionsMax`. */
  readonly objections: readonly OsdObjection[];
}

export const objectionsMax = 100;

const args = z.strictObject({ osds: namedOsdsField });

/** Whether every PG goes on serving when all of these stop at once. */
export const osdOkToStop = defineQuery<OsdVerdict>()('osd.ok-to-stop', { access: 'r', args });

/** Whether nothing is lost, and no PG gets fewer copies, when the disks of all of these are destroyed. */
export const osdSafeToDestroy = defineQuery<OsdVerdict>()('osd.safe-to-destroy', { access: 'r', args });

/** As `osd.out`, with a word about PGs that find no other place. `osd.in` takes it back: the reweight was kept. */
export const osdDrain = defineChange<ChangeReport>()('osd.drain', { access: 'w', args });

export interface OsdDrainStatus {
  readonly id: number;
  /** `in`: nobody wants it drained. `drained`: no PG has a copy on it that counts. */
  readonly state: 'in' | 'draining' | 'drained';
  /** PGs that count it among their members. */
  readonly pgs: number;
  /** Of these, those for which CRUSH finds no other place: they stay. */
  readonly stuckPgs: number;
}

export interface DrainStatus {
  readonly osds: readonly OsdDrainStatus[];
  /** To be copied to others until the PGs of all of these are where they should be. */
  readonly leftObjects: number;
  readonly leftBytes: number;
  /** At the pace of the whole cluster's recovery; `undefined` without one. */
  readonly etaSeconds: number | undefined;
}

export const osdDrainStatus = defineQuery<DrainStatus>()('osd.drain-status', { access: 'r', args });
