/**
 * One world: objects that are written to all the time and objects at rest, copies of which rot or were changed behind everybody's
 * back; scrubs all the while, and reads. No read is ever wrong, nothing is found where nothing is wrong, and in the end all copies
 * are what was written last.
 */
import assert from 'node:assert/strict';
import { Prng } from '../../../runtime/sim/prng.js';
import type { ScrubKind } from '../../../protocol/pg-scrub.js';
import type { Store } from '../../../osd/store/store.js';
import { payloadOf, type Mutation } from '../../../osd/store/transaction.js';
import type { SimOsd } from '../daemon/osd-cluster.js';
import { bytesAt, editStore, idOf, inScene, pgOf, rolesOf, rot, scrub, type Scene } from './scrub-cluster.js';

export interface SimulateCounts extends Readonly<Record<string, number>> {
  readonly writes: number;
  readonly scrubs: number;
  readonly objects: number;
  readonly found: number;
}

const restCount = 6;
const busyCount = 6;
const kinds: readonly ScrubKind[] = ['scrub', 'deep-scrub', 'repair'];

export async function simulate(seed: number): Promise<SimulateCounts> {
  const counts = { writes: 0, scrubs: 0, objects: 0, found: 0 };
  await inScene(seed, async (scene) => {
    const run = new Run(scene, new Prng(`scrub ${seed}`), counts);
    await run.prepare();
    await run.load();
    await run.end();
  });
  return counts;
}

class Run {
  readonly #scene: Scene;
  readonly #prng: Prng;
  readonly #counts: { writes: number; scrubs: number; objects: number; found: number };
  /** What each object has. */
  readonly #model = new Map<string, Buffer>();
  /** Names of objects with a copy that is not as it should be, or was. */
  readonly #spoilt = new Set<string>();
  #isOver = false;

  constructor(scene: Scene, prng: Prng, counts: { writes: number; scrubs: number; objects: number; found: number }) {
    this.#scene = scene;
    this.#prng = prng;
    this.#counts = counts;
  }

  /** Objects at rest, one of them changed in one store. */
  async prepare(): Promise<void> {
    for (const name of names('rest', restCount)) await this.#writeFull(name, 1 + this.#prng.below(120_000));
    const [name = ''] = names('rest', 1);
    await rolesOf(this.#scene, name);
    await this.#editOne(name);
  }

  /** Writers, scrubs and rot side by side. */
  async load(): Promise<void> {
    const writers = names('busy', busyCount).map((name) => this.#writer(name));
    for (let i = 0; i < 6; i++) {
      if (this.#prng.chance(0.5)) await this.#rotOne();
      await this.#scrubSome();
    }
    this.#isOver = true;
    await Promise.all(writers);
  }

  /** In peace: one repair of each PG, and all is well. */
  async end(): Promise<void> {
    const byPg = new Map([...this.#model.keys()].map((name) => [pgOf(this.#scene, name).pg, name]));
    for (const name of byPg.values()) await this.#scrub(name, 'repair');
    for (const [name, content] of this.#model) {
      for (const osd of this.#scene.osds) {
        assert.ok(content.equals((await bytesAt(osd, idOf(this.#scene, name))) ?? none), `osd.${osd.id} has ${name}`);
      }
      await this.#check(name);
    }
    this.#spoilt.clear();
    for (const name of byPg.values()) await this.#scrub(name, 'deep-scrub');
  }

  async #scrubSome(): Promise<void> {
    const all = [...this.#model.keys()];
    await this.#scrub(all[this.#prng.below(all.length)] ?? '', kinds[this.#prng.below(kinds.length)] ?? 'scrub');
  }

  /** Of the PG that has the object. Nothing else than what was spoilt may be found. */
  async #scrub(name: string, kind: ScrubKind): Promise<void> {
    const { findings, objects, found } = await scrub(this.#scene, name, kind);
    this.#counts.scrubs += 1;
    this.#counts.objects += objects;
    this.#counts.found += found;
    for (const { object, osd, kind: what } of findings) {
      const isSpoilt = [...this.#spoilt].some((one) => object.includes(JSON.stringify(one)));
      assert.ok(isSpoilt, `a ${kind} says that ${object} is ${what} at osd.${osd}`);
    }
  }

  /** Only this writes to the object, and it reads what it wrote. */
  async #writer(name: string): Promise<void> {
    const { pool } = this.#scene;
    await this.#writeFull(name, 1_000);
    while (!this.#isOver) {
      const before = this.#model.get(name) ?? none;
      const draw = this.#prng.below(12);
      if (draw === 0 || before.length > 700_000) {
        await pool.remove(name);
        await this.#writeFull(name, 1 + this.#prng.below(100_000));
      } else if (draw < 4) {
        const more = Buffer.from(this.#prng.bytes(1 + this.#prng.below(60_000)));
        await pool.append(name, more);
        this.#model.set(name, Buffer.concat([before, more]));
      } else if (draw < 6) {
        const key = `key-${this.#prng.below(20)}`;
        await pool.omapSet(name, key, { head: this.#prng.bytes(20), bodies: [[0, this.#prng.bytes(900)]] });
      } else if (draw === 6) await pool.setAttributes(name, new Map([['a', this.#prng.bytes(10)]]));
      else {
        const at = this.#prng.below(before.length + 1);
        const part = Buffer.from(this.#prng.bytes(1 + this.#prng.below(5_000)));
        await pool.write(name, at, part);
        const after = Buffer.alloc(Math.max(before.length, at + part.length));
        before.copy(after);
        part.copy(after, at);
        this.#model.set(name, after);
      }
      this.#counts.writes += 1;
      if (this.#prng.chance(0.3)) await this.#check(name);
    }
  }

  async #writeFull(name: string, bytes: number): Promise<void> {
    const content = Buffer.from(this.#prng.bytes(Math.min(bytes, 65_536)));
    await this.#scene.pool.writeFull(name, content);
    this.#model.set(name, content);
  }

  /** Reads never show rot, nor anything else than what was written. */
  async #check(name: string): Promise<void> {
    const content = this.#model.get(name) ?? none;
    const found = await this.#scene.pool.read(name, { offset: 0, bytes: content.length + 10 });
    assert.ok(content.equals(found), `${name} reads as it was written`);
  }

  /** One or two copies of an object that has three good ones. */
  async #rotOne(): Promise<void> {
    const open = names('rest', restCount).filter((name) => !this.#spoilt.has(name));
    const name = open[this.#prng.below(Math.max(1, open.length))];
    const content = name === undefined ? undefined : this.#model.get(name);
    if (name === undefined || content === undefined || content.length < 64) return;
    this.#spoilt.add(name);
    const at = this.#prng.below(content.length - 32);
    // Blocks of 4 KiB have a checksum behind each: the bytes may be apart on the disk.
    const end = Math.min(content.length, (Math.floor(at / 4_096) + 1) * 4_096);
    const start = Math.max(0, Math.min(at, end - 32));
    const { osds } = this.#scene;
    const first = this.#prng.below(osds.length);
    const bad = osds.slice(first, first + 1 + this.#prng.below(2));
    for (const osd of bad) await rot(osd, content.subarray(start, end));
    if (this.#prng.chance(0.5)) await this.#check(name);
  }

  async #editOne(name: string): Promise<void> {
    const object = idOf(this.#scene, name);
    const pg = pgOf(this.#scene, name);
    this.#spoilt.add(name);
    // The primary would serve what it has: that it is wrong only a scrub can tell.
    const { replicas } = await rolesOf(this.#scene, name);
    const bad = replicas[this.#prng.below(replicas.length)] ?? assert.fail();
    const draw = this.#prng.below(3);
    await editStore(this.#scene, bad, async (store: Store) => {
      const version = (await store.objects.stat(object))?.version ?? assert.fail();
      const write: Mutation = { kind: 'write', object, offset: 0, data: payloadOf(Buffer.from('other')) };
      const edits: readonly (readonly Mutation[])[] = [
        [{ kind: 'remove', object }],
        [write, { kind: 'set-version', object, version: { term: version.term, seq: version.seq - 1 } }],
        [write, { kind: 'set-version', object, version }],
      ];
      await store.apply({ pg, blockShift: 12, mutations: edits[draw] ?? [] });
    });
    await rolesOf(this.#scene, name);
    await this.#moveLeadFrom(bad, name);
  }

  /** Nothing is read from the edited copy before it was scrubbed: a PG whose lead came to it is repaired at once. */
  async #moveLeadFrom(bad: SimOsd, name: string): Promise<void> {
    const { primary } = await rolesOf(this.#scene, name);
    if (primary === bad) await this.#scrub(name, 'repair');
  }
}

const none = Buffer.alloc(0);

function names(what: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${what}-${i}`);
}
