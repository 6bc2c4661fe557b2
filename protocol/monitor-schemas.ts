/** The headers of monitor-methods.ts as they must be when they arrive. */
import * as z from 'zod/mini';
import { monitorNamePattern } from './commands/mon.js';
import {
  type CommandRequest,
  type EndSession,
  type FailureReport,
  type ForwardedEnd,
  type ForwardedRequest,
  type JoinRequest,
  type OsdBeacon,
  type ParkedBeacon,
  parkedPgsMax,
  recoveringPoolsMax,
  type RequestId,
  type SubscribeReply,
  type SubscribeRequest,
  type VitalsReport,
} from './monitor-methods.js';

const count = z.int().check(z.minimum(0));
const amount = z.number().check(z.minimum(0));
const hex32 = z.string().check(z.regex(/^[0-9a-f]{32}$/, 'write 32 hex digits'));
const osd = z.int().check(z.minimum(0), z.maximum(2 ** 24 - 1));
const host = z.string().check(z.minLength(1), z.maxLength(253));
const port = z.int().check(z.minimum(1), z.maximum(65_535));
const monitorName = z.string().check(z.regex(monitorNamePattern, 'use up to 32 letters, digits and dashes'));

const entity = z.string().check(z.maxLength(100));

const requestId: z.ZodMiniType<RequestId> = z
  .object({
    session: hex32,
    // The largest stands for a session that is over (monitor/state/sessions.ts).
    number: z.int().check(z.minimum(1), z.maximum(Number.MAX_SAFE_INTEGER - 1)),
    floor: z.int().check(z.minimum(1)),
    begun: z.optional(amount),
  })
  .check(z.refine(({ number, floor }) => floor <= number, 'the floor is at most the number'));

const commandFields = {
  command: z.string().check(z.minLength(1), z.maxLength(100)),
  args: z.unknown(),
  request: z.optional(requestId),
  mayBeStale: z.optional(z.boolean()),
  trace: z.optional(z.string().check(z.maxLength(100))),
};

// Fields that this version does not know are ignored: a newer peer may send them.
export const commandRequest = z.object(commandFields) as z.ZodMiniType<CommandRequest>;

export const forwardedRequest = z.object({
  ...commandFields,
  entity,
  from: z.string().check(z.maxLength(300)),
}) as z.ZodMiniType<ForwardedRequest>;

export const endSession: z.ZodMiniType<EndSession> = z.object({ session: hex32 });

export const forwardedEnd: z.ZodMiniType<ForwardedEnd> = z.object({ session: hex32, entity });

export const subscribeRequest: z.ZodMiniType<SubscribeRequest> = z.object({
  what: z.enum(['map', 'log']),
  have: count,
});

export const subscribeReply: z.ZodMiniType<SubscribeReply> = z.object({ newest: count, hasLeader: z.boolean() });

/** What a follower says after each push. */
export const pushReply: z.ZodMiniType<{ readonly have: number }> = z.object({ have: count });

const parkedBeacon: z.ZodMiniType<ParkedBeacon> = z.object({
  objects: count,
  acknowledged: count,
  bytes: amount,
  pgs: z
    .array(z.tuple([z.int().check(z.minimum(1), z.maximum(2 ** 31 - 1)), count, count]))
    .check(z.maxLength(parkedPgsMax)),
});

export const osdBeacon: z.ZodMiniType<OsdBeacon> = z.object({
  osd,
  boot: count,
  epoch: count,
  usedBytes: amount,
  totalBytes: amount,
  loopDelayMs: amount,
  slowOps: count,
  recovery: z.optional(
    z.object({ copiedObjects: amount, copiedBytes: amount, sameObjects: amount, sameBytes: amount }),
  ),
  recoveryOfPools: z.optional(
    z.array(z.tuple([count, amount, amount, amount, amount])).check(z.maxLength(recoveringPoolsMax)),
  ),
  lagging: z.optional(count),
  parked: z.optional(parkedBeacon),
});

export const failureReport: z.ZodMiniType<FailureReport> = z.object({
  reporter: osd,
  target: osd,
  targetUpFrom: count,
  kind: z.enum(['refused', 'silent', 'heard']),
  silentMs: amount,
  peerCount: count,
});

export const joinRequest: z.ZodMiniType<JoinRequest> = z.object({
  name: monitorName,
  address: z.object({ host, port }),
  disk: hex32,
});

export const vitalsReport = z.object({
  name: monitorName,
  clock: z.number(),
  diskFreeBytes: z.optional(amount),
  diskTotalBytes: z.optional(amount),
  storeBytes: z.optional(amount),
  loopDelayMs: amount,
  version: z.string().check(z.maxLength(100)),
}) as z.ZodMiniType<VitalsReport>;
