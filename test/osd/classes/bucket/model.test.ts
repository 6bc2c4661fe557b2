/** Random calls on one shard, compared with a model after each. */
import assert from 'node:assert/strict';
import { utf8Text } from '../../../../base/bytes.js';
import { decodeContent } from '../../../../protocol/bucket/content.js';
import { decodeEntry } from '../../../../protocol/bucket/entry.js';
import { refusalOf } from '../../../../protocol/bucket/refusal.js';

import { Prng } from '../../../../runtime/sim/prng.js';
import { forEachSeed } from '../../../sim/seeds.js';
import { collapsed, ModelBucket, type Versioning } from './model.js';
import { get, list, put, remove, type Version } from './requests.js';
import { ShardObject } from './shard-object.js';

const names = [
  'a',
  'a/',
  'a/b',
  'a/b/c',
  'a0',
  'b',
  'b\0',
  'b\0c',
  'ä/ö',
  '😀',
  '\uffff/x',
  'photos/2026/1',
  'photos/2026/2',
  'z',
];

class Run {
  readonly model = new ModelBucket();
  readonly object: ShardObject;
  readonly #random: Prng;
  #texts = 0;

  constructor(object: ShardObject, random: Prng) {
    this.object = object;
    this.#random = random;
  }

  async step(): Promise<void> {
    const random = this.#random;
    const key = random.pick(names);
    const dice = random.below(100);
    if (dice < 40) await this.#put(key);
    else if (dice < 55) await this.#delete(key);
    else if (dice < 75) await this.#deleteSome();
    else if (dice < 80) await this.#configure();
    else await this.#compare(key);
  }

  async #put(key: string): Promise<void> {
    const text = `text ${(this.#texts += 1)}`;
    const mustBeAbsent = this.#random.chance(0.2);
    const current = this.model.current(key);
    const condition = mustBeAbsent ? { condition: { ifNoneMatch: '*' } } : {};
    try {
      const { version, isOverwrite } = await put(this.object, key, text, condition);
      assert.ok(!mustBeAbsent || current === undefined, 'a condition that does not hold was passed over');
      assert.equal(isOverwrite, current !== undefined);
      this.model.put(key, version, text);
    } catch (error) {
      assert.equal(refusalOf(error), 'precondition');
      assert.ok(mustBeAbsent && current !== undefined, 'a condition that holds was refused');
    }
  }

  async #delete(key: string): Promise<void> {
    const [answer] = await remove(this.object, [{ key }]);
    assert.equal(answer?.kind, 'deleted');
    assert.equal(answer.isMarker, this.model.versioning !== 'off');
    this.model.delete(key, answer.version);
  }

  /** Several at once, also of one key. */
  async #deleteSome(): Promise<void> {
    const items: { key: string; version: Version | 'null' }[] = [];
    for (let left = 1 + this.#random.below(6); left > 0; left--) {
      const key = this.#random.pick(names);
      const known = this.model.versions(key);
      const version = known.length > 0 && this.#random.chance(0.8) ? this.#random.pick(known).id : 'null';
      items.push({ key, version });
    }
    const answers = await remove(this.object, items);
    assert.ok(answers.every(({ kind }) => kind === 'deleted'));
    for (const { key, version } of items) this.model.deleteVersion(key, version);
  }

  async #configure(): Promise<void> {
    // Once enabled, versioning may only be suspended.
    const versioning: Versioning = this.#random.pick(['enabled', 'enabled', 'suspended']);
    const generation = this.object.generation + 1;
    await this.object.call('configure', {
      bucket: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
      generation,
      rules: { versioning, isLockEnabled: false, owner: 'alice' },
    });
    this.object.generation = generation;
    this.model.versioning = versioning;
  }

  async #compare(key: string): Promise<void> {
    const current = this.model.current(key);
    if (current === undefined) {
      await assert.rejects(get(this.object, key), (error) => refusalOf(error) === 'no-such-key');
    } else {
      const { entry, content } = await get(this.object, key);
      assert.deepEqual([entry.sequence, entry.isNull], [current.id.sequence, current.isNull]);
      assert.equal(textOf(content), current.text);
    }
    for (const { id, isMarker, text } of this.model.versions(key)) {
      if (isMarker) await assert.rejects(get(this.object, key, id), (error) => refusalOf(error) === 'is-marker');
      else assert.equal(textOf((await get(this.object, key, id)).content), text);
    }
    await this.#compareLists();
    this.#compareCounts();
  }

  async #compareLists(): Promise<void> {
    const prefix = this.#random.pick(['', '', 'a', 'a/', 'photos/', 'b\0', 'nothing']);
    const delimiter = this.#random.pick(['', '/', '/', '\0', 'b']);
    const after = this.#random.chance(0.3) ? this.#random.pick(names) : undefined;
    const current = this.model.sortedKeys().filter((key) => this.model.current(key) !== undefined);
    const asked = { prefix, delimiter, after };
    const shown = await this.#all('list', asked, 1 + this.#random.below(5));
    assert.deepEqual(
      shown.map((item) => ({ kind: item.kind === 'prefix' ? 'prefix' : 'key', key: item.key })),
      collapsed(current, asked),
    );
    const versions = await this.#all('list-versions', asked, 1 + this.#random.below(5));
    const wanted = collapsed(this.model.sortedKeys(), asked).flatMap(({ kind, key }) =>
      kind === 'prefix'
        ? [{ kind: 'prefix', key, sequence: -1 }]
        : this.model
            .versions(key)
            .map(({ id }, index) => ({ kind: index === 0 ? 'latest' : 'other', key, sequence: id.sequence })),
    );
    assert.deepEqual(
      versions.map((item) => {
        const sequence = item.kind === 'prefix' ? -1 : decodeEntry(item.head).sequence;
        return { kind: item.kind, key: item.key, sequence };
      }),
      wanted,
    );
  }

  /** Page by page. */
  async #all(method: string, asked: { prefix: string; delimiter: string; after: string | undefined }, count: number) {
    const all = [];
    let after = asked.after;
    let afterSequence: number | undefined;
    for (let pages = 0; ; pages += 1) {
      assert.ok(pages < 200, 'a listing does not end');
      const { prefix, delimiter } = asked;
      const { items, next } = await list(this.object, method, {
        prefix,
        delimiter,
        count,
        ...(after !== undefined && { after }),
        ...(afterSequence !== undefined && { afterSequence }),
      });
      assert.ok(items.length <= count);
      all.push(...items);
      if (next === undefined) return all;
      after = next.key;
      afterSequence = next.version;
    }
  }

  #compareCounts(): void {
    const all = [...this.model.keys.values()];
    const { classes, markers } = this.object.header.counts;
    const standard = classes.get('') ?? { objects: 0, noncurrent: 0 };
    const latest = all.filter(([first]) => first?.isMarker === false).length;
    const objects = all.flat().filter(({ isMarker }) => !isMarker).length;
    assert.deepEqual(
      [standard.objects, standard.noncurrent, markers],
      [latest, objects - latest, all.flat().length - objects],
    );
  }
}

function textOf(content: Uint8Array): string {
  const { data } = decodeContent(content);
  assert.equal(data.kind, 'inline');
  return utf8Text(data.payload);
}

describe('osd/classes/bucket: a shard beside a model', () => {
  it('shows what S3 says, whatever is put, deleted and configured', async () => {
    await forEachSeed({ count: 40, boxMs: 4_000 }, async (seed) => {
      const run = new Run(await ShardObject.make(), new Prng(`${seed}`));
      for (let steps = 0; steps < 150; steps += 1) await run.step();
    });
  });
});
