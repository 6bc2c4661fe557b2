import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hexText } from '../../../base/bytes.js';
import { isCairnError } from '../../../base/errors.js';
import { monotonicMs, type MonotonicMs } from '../../../base/instants.js';
import { encodeMapInSlices } from '../../../cluster/codec/map-codec.js';
import { decodeSnapshot } from '../../../monitor/state/snapshot.js';
import { emptyContent, MonitorState } from '../../../monitor/state/state.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import { buildMap, poolInfo } from '../../cluster/pg/maps.js';
import {
  emptyState,
  instantClock,
  piecesOf,
  session,
  setting,
  snapshotBytes,
  someState,
  transactionFor,
} from './some-state.js';

interface Section {
  readonly kind: number;
  readonly content: Uint8Array;
}

function sectionsOf(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.byteLength;) {
    const end = at + 5 + view.getUint32(at + 1, true);
    sections.push({ kind: bytes[at] ?? 0, content: bytes.slice(at + 5, end) });
    at = end;
  }
  return sections;
}

function bytesOf(sections: readonly Section[]): Uint8Array {
  return Uint8Array.from(
    sections.flatMap(({ kind, content }) => {
      const head = new Uint8Array(5);
      head[0] = kind;
      new DataView(head.buffer).setUint32(1, content.byteLength, true);
      return [...head, ...content];
    }),
  );
}

/** On which each step takes 6 ms. */
class SlowClock {
  turns = 0;
  #now = 0;

  now(): MonotonicMs {
    this.#now += 6;
    return monotonicMs(this.#now);
  }

  async yieldTurn(): Promise<void> {
    this.turns += 1;
  }
}

async function some(): Promise<Section[]> {
  return sectionsOf(await snapshotBytes(someState().content()));
}

function refusal(sections: readonly Section[]): Promise<unknown> {
  return decodeSnapshot(piecesOf(bytesOf(sections)), instantClock).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('snapshots of the state', () => {
  it('consist of these sections, with these bytes', async () => {
    const sections = await some();
    assert.deepEqual(
      sections.map(({ kind }) => kind),
      [1, 2, 3, 3, 4, 5, 6, 7, 8],
    );
    const base = Buffer.concat([...encodeMapInSlices(emptyState().map)]);
    const hex = sections.map(({ kind, content }) => (kind === 2 ? String(base.equals(content)) : hexText(content)));
    assert.deepEqual(hex, golden);
  });

  for (const pieceBytes of [1, 7, 100, 1_000_000]) {
    it(`come back the same from pieces of ${pieceBytes} bytes`, async () => {
      const bytes = await snapshotBytes(someState().content());
      const state = new MonitorState(await decodeSnapshot(piecesOf(bytes, pieceBytes), instantClock));
      assert.deepEqual(await snapshotBytes(state.content()), bytes);
      assert.equal(state.history.incrementalsAfter(1, 1_000)?.length, 2);
      assert.equal(state.view().mutes.get('OSD_DOWN')?.count, 3);
    });
  }

  it('bring back which sessions are over', async () => {
    const state = someState();
    const other = 'client.admin ffeeddccbbaa99887766554433221100';
    const reply = { session: other, number: 1, floor: 1, result: Uint8Array.of(1) };
    state.apply(transactionFor(state, { replies: [reply] }));
    state.apply(transactionFor(state, { ends: [session] }));
    const pieces = piecesOf(await snapshotBytes(state.content()));
    const back = new MonitorState(await decodeSnapshot(pieces, instantClock));
    assert.deepEqual([back.sessions.liveCount, back.sessions.count], [1, 2]);
    assert.equal(back.lookup({ session, number: 2, floor: 2 }).kind, 'over');
    assert.equal(back.lookup({ session: other, number: 1, floor: 1 }).kind, 'answered');
  });

  it('of many records come back the same', async () => {
    const state = emptyState();
    for (let i = 0; i < 450; i++) {
      state.apply(
        transactionFor(state, {
          changes: [setting(String(5 + (i % 50)))],
          keys: [{ name: `client.${i}`, key: new Uint8Array(32).fill(i) }],
          log: [{ source: 'mon', severity: 'info', message: `line ${i}` }],
        }),
      );
    }
    const bytes = await snapshotBytes(state.content());
    const restored = new MonitorState(await decodeSnapshot(piecesOf(bytes, 4_096), instantClock));
    assert.deepEqual(await snapshotBytes(restored.content()), bytes);
    assert.equal(restored.log.last, 450);
    assert.equal(restored.key('client.449')?.[0], 449 & 0xff);
  });

  it('are read in slices, whether one map is large or many sections are small', async () => {
    const many = emptyState();
    for (let i = 0; i < 450; i++) many.apply(transactionFor(many, { changes: [setting(String(i))] }));
    const records = emptyState();
    for (let i = 0; i < 20; i++) {
      const line = { source: 'mon', severity: 'info', message: 'x' } as const;
      records.apply(transactionFor(records, { log: Array.from({ length: 500 }, () => line) }));
    }
    const { monitors } = emptyState().map;
    const pools = [poolInfo(1, 32_768)];
    const large = new MonitorState(emptyContent({ ...buildMap({ osdCount: 30, pools }), monitors }));
    for (const { state, slices } of [
      { state: many, slices: 450 },
      { state: records, slices: 50 },
      { state: large, slices: 32 },
    ]) {
      const clock = new SlowClock();
      const bytes = await snapshotBytes(state.content());
      const content = await decodeSnapshot(piecesOf(bytes), clock);
      // A step each takes longer than a turn may: as many turns as steps.
      assert.ok(clock.turns >= slices, `${clock.turns} turns`);
      assert.deepEqual(await snapshotBytes(content), bytes);
    }
  });

  it('that are cut off anywhere are CORRUPT', async () => {
    const bytes = await snapshotBytes(someState().content());
    for (let length = 0; length < bytes.byteLength; length += 13) {
      await assert.rejects(decodeSnapshot(piecesOf(bytes.subarray(0, length)), instantClock), { code: 'CORRUPT' });
    }
  });

  it('with sections that are missing, doubled, misplaced or unknown are CORRUPT', async () => {
    const sections = await some();
    const at = (kind: number): Section => sections.find((one) => one.kind === kind)!;
    const without = (kind: number): Section[] => sections.filter((one) => one.kind !== kind);
    const bad = [
      without(1),
      without(2),
      without(8),
      [at(1), ...sections],
      [at(1), at(2), at(2), at(8)],
      [at(2), at(1), at(8)],
      [at(1), at(3), at(2), at(8)],
      [...sections.slice(0, -1), { kind: 9, content: new Uint8Array(3) }, at(8)],
      [...sections, at(8)],
      [at(1), at(2), sections[3]!, at(8)],
    ];
    for (const [index, one] of bad.entries()) {
      assert.ok(isCairnError(await refusal(one), 'CORRUPT'), `case ${index}`);
    }
  });

  it('of a later format say which program to start', async () => {
    const head = { kind: 1, content: encodeHeader({ format: 2 }) };
    const error = await refusal([head, ...(await some()).slice(1)]);
    assert.ok(isCairnError(error, 'VERSION_MISMATCH') && /newer version/.test(error.message));
  });

  it('damaged anywhere are CORRUPT, or hold other values: nothing else is thrown', async () => {
    const bytes = await snapshotBytes(someState().content());
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        try {
          await decodeSnapshot(piecesOf(damaged, 4_096), instantClock);
        } catch (error) {
          assert.ok(isCairnError(error, 'CORRUPT') || isCairnError(error, 'VERSION_MISMATCH'), String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('that cannot be read fail with the error of whoever reads them', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(3);
      throw new RangeError('the disk');
    }
    await assert.rejects(decodeSnapshot(broken(), instantClock), RangeError);
  });
});

/** Of each section; the map has golden bytes of its own. */
const golden: readonly string[] = [
  '89a6666f726d617401a776657273696f6e03a477616c6ccd0fa0a977616c6c4c696d6974cd2328ae73657373696f6e436c6f636b4d73cd0bb8af73657373696f6e735377657074417400a961756469744c61737401a76c6f674c61737401a56d757465739184a4636f6465a84f53445f444f574ea5756e74696cce00015f90a86973537469636b79c3a5636f756e7403',
  'true',
  '43494e43010101010119000000020123456789abcdef0123456789abcdef0000000000409f400c01011e0000001a676c6f62616c2f6f73645f6865617274626561745f6772616365010137ff000000000000d0ca26f3497f53ee',
  '43494e43010101010119000000030123456789abcdef0123456789abcdef000000000070a7400c01011e0000001a676c6f62616c2f6f73645f6865617274626561745f6772616365010138ff000000000000592ff58fb5665810',
  '9192ac636c69656e742e61646d696ec4200707070707070707070707070707070707070707070707070707070707070707',
  '9192d92d636c69656e742e61646d696e20303031313232333334343535363637373838393961616262636364646565666683a5666c6f6f7202a6757365644174cd07d0a77265706c6965739182a66e756d62657202a6726573756c74c40102',
  '9187a377686fac636c69656e742e61646d696ea466726f6dad31302e302e302e393a34303030a7636f6d6d616e64aa636f6e6669672e736574a461726773a27b7da76f7574636f6d6582a46b696e64a4646f6e65a565706f636802a66e756d62657201a26174cd07d0',
  '9185a6736f75726365a56d6f6e2e61a87365766572697479a4696e666fa76d657373616765b46d6f6e2e61206c6561647320287465726d203229a66e756d62657201a26174cd07d0',
  '',
];
