/**
 * One entry of the Raft log: what a batch of requests does to the state, decided by the leader, applied by everyone.
 *
 *     u8 format | u32 bytes of meta | meta (MessagePack) | incremental of the map (cluster/codec), or nothing
 *
 * Little-endian. The entry around it carries the checksum (monitor/store).
 */
import { CairnError } from '../../base/errors.js';
import type { WallMs } from '../../base/instants.js';
import { invariant } from '../../base/invariant.js';
import type { AuditRecord, ClusterLogRecord } from '../../protocol/cluster-log.js';
import { decodeHeader, encodeHeader } from '../../wire/header-codec.js';
import type { HealthMute } from './types.js';

/**
 * A change of format that an older program would apply differently raises it: that program stops instead. Each entry has the
 * lowest that says what is in it: 2 when sessions end with it, else 1.
 */
const formats = { first: 1, withEnds: 2 } as const;
const metaStart = 5;

export interface RecordedReply {
  readonly session: string;
  readonly number: number;
  readonly floor: number;
  /** MessagePack of the command's result. */
  readonly result: Uint8Array;
}

export interface Transaction {
  /** `MonitorState.version` that it was decided on: on any other it does nothing, on every monitor alike. */
  readonly expects: number;
  readonly wall: WallMs;
  /** The leader hands out no wall time beyond it without another transaction; the next leader starts from it. */
  readonly wallLimit: WallMs;
  /** Encoded; empty when the map stays. */
  readonly incremental: Uint8Array;
  readonly replies: readonly RecordedReply[];
  /** Sessions that are over, none of `replies` among them. */
  readonly ends: readonly string[];
  readonly keys: readonly { readonly name: string; readonly key: Uint8Array | undefined }[];
  readonly mutes: readonly (HealthMute | { readonly code: string; readonly unmuted: true })[];
  readonly log: readonly Omit<ClusterLogRecord, 'number' | 'at'>[];
  readonly audit: readonly Omit<AuditRecord, 'number' | 'at'>[];
}

export function encodeTransaction(transaction: Transaction): Uint8Array {
  const { incremental, replies, ends, keys, mutes, log, audit, ...scalars } = transaction;
  const meta = encodeHeader({
    ...scalars,
    ...(replies.length > 0 ? { replies } : {}),
    ...(ends.length > 0 ? { ends } : {}),
    ...(keys.length > 0 ? { keys: keys.map(({ name, key }) => ({ name, key: key ?? null })) } : {}),
    ...(mutes.length > 0 ? { mutes } : {}),
    ...(log.length > 0 ? { log } : {}),
    ...(audit.length > 0 ? { audit } : {}),
  });
  const bytes = new Uint8Array(metaStart + meta.byteLength + incremental.byteLength);
  bytes[0] = ends.length > 0 ? formats.withEnds : formats.first;
  new DataView(bytes.buffer).setUint32(1, meta.byteLength, true);
  bytes.set(meta, metaStart);
  bytes.set(incremental, metaStart + meta.byteLength);
  return bytes;
}

/** What peers sent and the store kept was checked already: malformed bytes are a bug, a newer format is not. */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  if (bytes[0] !== formats.first && bytes[0] !== formats.withEnds) {
    throw new CairnError('VERSION_MISMATCH', `the log holds format ${bytes[0]}; start a newer version of cairn here`);
  }
  invariant(bytes.byteLength >= metaStart, 'a transaction has a head', { bytes: bytes.byteLength });
  const metaEnd = metaStart + new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
  invariant(metaEnd <= bytes.byteLength, 'a transaction holds its meta data', { metaEnd, bytes: bytes.byteLength });
  const meta = decodeHeader(bytes, metaStart, metaEnd) as MetaData;
  return {
    expects: meta.expects,
    wall: meta.wall,
    wallLimit: meta.wallLimit,
    incremental: bytes.subarray(metaEnd),
    replies: meta.replies ?? [],
    ends: meta.ends ?? [],
    keys: (meta.keys ?? []).map(({ name, key }) => ({ name, key: key ?? undefined })),
    mutes: meta.mutes ?? [],
    log: meta.log ?? [],
    audit: meta.audit ?? [],
  };
}

interface MetaData {
  readonly expects: number;
  readonly wall: WallMs;
  readonly wallLimit: WallMs;
  readonly replies?: Transaction['replies'];
  readonly ends?: Transaction['ends'];
  readonly keys?: readonly { readonly name: string; readonly key: Uint8Array | null }[];
  readonly mutes?: Transaction['mutes'];
  readonly log?: Transaction['log'];
  readonly audit?: Transaction['audit'];
}
