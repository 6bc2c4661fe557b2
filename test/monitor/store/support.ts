/** A store on a simulated disk, with a history that has everything in it. */
import { hexText, utf8Bytes, utf8Text } from '../../../base/bytes.js';
import type { Persist } from '../../../monitor/raft/output.js';
import {
  logIndex,
  memberId,
  term,
  type LogEntry,
  type Membership,
  type SnapshotMeta,
} from '../../../monitor/raft/types.js';
import { RaftStore, type OpenedRaftStore } from '../../../monitor/store/raft-store.js';
import type { Kv } from '../../../runtime/kv.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';

export const directory = '/mon';
export const fsid = '0b5e7f3627a14b0c9d1e8f2a3c4d5e6f';
export const self = memberId(7);
export const membership: Membership = { voters: [memberId(7), memberId(8), memberId(9)], learners: [] };

export async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield utf8Bytes(text);
}

export async function textOf(content: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  if (content === undefined) return 'gone';
  let text = '';
  for await (const piece of content) text += utf8Text(piece);
  return text;
}

export function command(index: number, inTerm: number, text = `c${index}`): LogEntry {
  return { index: logIndex(index), term: term(inTerm), kind: 'command', data: utf8Bytes(text) };
}

export function entriesOf(...entries: readonly LogEntry[]): Persist {
  return { hardState: undefined, entries, snapshotChunk: undefined, dropsLog: false };
}

export function voteFor(inTerm: number, vote: number | undefined): Persist {
  const hardState = { term: term(inTerm), vote: vote === undefined ? undefined : memberId(vote) };
  return { hardState, entries: [], snapshotChunk: undefined, dropsLog: false };
}

export function chunkOf(meta: SnapshotMeta, chunk: number, text: string, dropsLog = false): Persist {
  return { hardState: undefined, entries: [], snapshotChunk: { meta, chunk, data: utf8Bytes(text) }, dropsLog };
}

export function createStore(runtime: Runtime): Promise<void> {
  const snapshot = { index: logIndex(1), term: term(1), membership, pieces: pieces('fou', 'nded') };
  return RaftStore.create(runtime, { directory, fsid, member: self, snapshot, chunkBytes: 4 });
}

export function openStore(runtime: Runtime): Promise<OpenedRaftStore> {
  return RaftStore.open(runtime, { directory, expected: { fsid, member: self }, chunkBytes: 4 });
}

/** All that a member would go on with. */
export async function contentOf({ store, initial }: OpenedRaftStore): Promise<string> {
  const { hardState, snapshot, entries } = initial;
  const log = entries.map(
    (entry) => `${entry.index}/${entry.term}:${entry.kind === 'command' ? hexText(entry.data) : ''}`,
  );
  const state = await textOf(store.readSnapshot(snapshot));
  const { voters, learners } = snapshot.membership;
  return [
    `term ${hardState.term} vote ${hardState.vote}`,
    `snapshot ${snapshot.index}/${snapshot.term} ${voters.join()}+${learners.join()} "${state}"`,
    log.join(' '),
  ].join('; ');
}

/** Runs `body` as a process on a machine of a world of its own. */
export async function onMachine(seed: number, body: (runtime: Runtime, world: World) => Promise<void>): Promise<void> {
  const world = new World({ seed });
  const process = world.machine('m').start('test', (runtime) => body(runtime, world));
  await world.main(() => process.finished);
}

/** The database below the store; the store is closed. */
export async function withKv<T>(runtime: Runtime, work: (kv: Kv) => Promise<T>): Promise<T> {
  const kv = await runtime.kv.open(`${directory}/raft`);
  try {
    return await work(kv);
  } finally {
    await kv.close();
  }
}

export async function allKeys(kv: Kv): Promise<string[]> {
  const keys: string[] = [];
  const iterator = kv.iterate({});
  for (;;) {
    const entries = await iterator.next(1_000);
    if (entries.length === 0) break;
    for (const { key } of entries) keys.push(key);
  }
  await iterator.close();
  return keys;
}

/** The steps of a history, each one write or one snapshot. What a step has resolved must survive whatever follows. */
export function historyOf(store: RaftStore): readonly (() => Promise<unknown>)[] {
  return [
    () => store.write([voteFor(2, 7)]),
    () => store.write([entriesOf(command(2, 2), command(3, 2)), entriesOf(command(4, 2))]),
    () => store.write([voteFor(3, undefined), entriesOf(command(3, 3, 'x'), command(4, 3, 'y'), command(5, 3))]),
    () => store.write([voteFor(3, 9)]),
    () => store.saveSnapshot({ index: logIndex(4), term: term(3), membership }, pieces('state', ' at 4')),
    () => store.write([entriesOf(command(6, 3), command(7, 3)), entriesOf(command(7, 3, 'z'))]),
  ];
}
