/** A monitor's state with a little of everything, and transactions that change it. */
import { emptyBytes } from '../../../base/bytes.js';
import { monotonicMs, type WallMs, wallMs } from '../../../base/instants.js';
import type { MapChange } from '../../../cluster/change.js';
import { encodeIncremental } from '../../../cluster/codec/incremental-codec.js';
import { epoch } from '../../../cluster/ids.js';
import { encodeSnapshot } from '../../../monitor/state/snapshot.js';
import { emptyContent, MonitorState, type StateContent } from '../../../monitor/state/state.js';
import type { Transaction } from '../../../monitor/state/transaction.js';
import { emptyClusterMap } from '../commands/local-map.js';

export const session = 'client.admin 00112233445566778899aabbccddeeff';

/** On which nothing takes any time. */
export const instantClock = { now: () => monotonicMs(0), yieldTurn: async () => {} };

export function emptyState(): MonitorState {
  return new MonitorState(emptyContent(emptyClusterMap()));
}

/** Of the state as it is, a second later, unless said otherwise. */
export function transactionFor(
  state: Pick<MonitorState, 'map' | 'version' | 'wall'>,
  { changes = [], ...rest }: Partial<Transaction> & { readonly changes?: readonly MapChange[] } = {},
): Transaction {
  const wall: WallMs = rest.wall ?? wallMs(state.wall + 1_000);
  const { map } = state;
  const incremental =
    changes.length === 0
      ? emptyBytes
      : encodeIncremental({ epoch: epoch(map.epoch + 1), fsid: map.fsid, changedAt: wall, changes });
  return {
    expects: state.version,
    wall,
    wallLimit: wallMs(wall + 5_000),
    incremental,
    replies: [],
    ends: [],
    keys: [],
    mutes: [],
    log: [],
    audit: [],
    ...rest,
  };
}

export function setting(value: string): MapChange {
  return { kind: 'config', key: 'global/osd_heartbeat_grace', value };
}

/** Three transactions after the beginning. */
export function someState(): MonitorState {
  const state = emptyState();
  state.apply(
    transactionFor(state, {
      changes: [setting('7')],
      replies: [{ session, number: 1, floor: 1, result: Uint8Array.of(0x01) }],
      keys: [{ name: 'client.admin', key: new Uint8Array(32).fill(7) }],
      log: [{ source: 'mon.a', severity: 'info', message: 'mon.a leads (term 2)' }],
      audit: [
        {
          who: 'client.admin',
          from: '10.0.0.9:4000',
          command: 'config.set',
          args: '{}',
          outcome: { kind: 'done', epoch: 2 },
        },
      ],
    }),
  );
  state.apply(
    transactionFor(state, {
      changes: [setting('8')],
      replies: [{ session, number: 2, floor: 2, result: Uint8Array.of(0x02) }],
      keys: [{ name: 'client.gone', key: new Uint8Array(32).fill(9) }],
      mutes: [{ code: 'OSD_DOWN', until: wallMs(90_000), isSticky: true, count: 3 }],
    }),
  );
  state.apply(transactionFor(state, { keys: [{ name: 'client.gone', key: undefined }] }));
  return state;
}

export async function snapshotBytes(content: StateContent): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of encodeSnapshot(content)) pieces.push(Uint8Array.from(piece));
  return Uint8Array.from(Buffer.concat(pieces));
}

/** In pieces of `pieceBytes`. */
export async function* piecesOf(bytes: Uint8Array, pieceBytes = 100): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
}
