/** The page cache and its crashes against the plainest model: all versions that each sector ever had. */
import assert from 'node:assert/strict';
import { latin1Text } from '../../../base/bytes.js';
import { sectorBytes } from '../../../runtime/disk.js';
import { FileContent } from '../../../runtime/sim/file-content.js';
import { Prng } from '../../../runtime/sim/prng.js';

/** Five pages and a bit. */
const sizeMax = 21_000;
const zeros = '\0'.repeat(sectorBytes);

/** What happened at which step, of one sector or of the size: the latest one that is durable, and all since. */
class Versions<T> {
  #kept: { step: number; value: T }[];

  constructor(first: T) {
    this.#kept = [{ step: 0, value: first }];
  }

  get latest(): T {
    return (this.#kept.at(-1) as { value: T }).value;
  }

  add(step: number, value: T): void {
    this.#kept.push({ step, value });
  }

  /** Whatever was the latest at `step` is durable. */
  settle(step: number): void {
    const at = this.#kept.findLastIndex((version) => version.step <= step);
    this.#kept = this.#kept.slice(Math.max(at, 0));
  }

  /** What a crash may leave. */
  get possible(): T[] {
    return this.#kept.map((version) => version.value);
  }
}

class Model {
  step = 0;
  readonly size = new Versions(0);
  readonly sectors = Array.from({ length: Math.ceil(sizeMax / sectorBytes) }, () => new Versions(zeros));

  text(): string {
    return this.sectors
      .map((sector) => sector.latest)
      .join('')
      .slice(0, this.size.latest);
  }

  replace(text: string, size: number): void {
    this.step += 1;
    this.size.add(this.step, size);
    const padded = text.padEnd(this.sectors.length * sectorBytes, '\0');
    for (const [index, sector] of this.sectors.entries()) {
      const now = padded.slice(index * sectorBytes, (index + 1) * sectorBytes);
      if (now !== sector.latest) sector.add(this.step, now);
    }
  }

  settle(step: number): void {
    this.size.settle(step);
    for (const sector of this.sectors) sector.settle(step);
  }

  settleRange(position: number, bytes: number): void {
    const end = Math.min(position + bytes, this.size.latest);
    for (let i = Math.floor(position / sectorBytes); i * sectorBytes < end; i++) this.sectors[i]?.settle(this.step);
  }
}

function textOf(content: FileContent): string {
  const bytes = new Uint8Array(sizeMax);
  return latin1Text(bytes.subarray(0, content.read(bytes, 0)));
}

/** One life of a file, ended by a crash. */
function live(seed: number): void {
  const prng = new Prng(`file-content ${seed}`);
  const content = new FileContent(new Prng(`cache ${seed}`));
  const model = new Model();
  const syncs: { id: number; step: number }[] = [];
  /** What a durable write promised of the size. */
  let sizeMin = 0;
  for (let i = prng.below(40); i >= 0; i--) {
    const position = prng.below(sizeMax - 1);
    const bytes = prng.pick([1, 512, 4_096, 10_000]);
    const count = Math.min(1 + prng.below(bytes), sizeMax - position);
    switch (prng.below(8)) {
      case 0:
        content.truncate(position);
        model.replace(model.text().slice(0, position), position);
        sizeMin = Math.min(sizeMin, position);
        break;
      case 1:
        syncs.push({ id: content.beginSync(), step: model.step });
        break;
      case 2: {
        const sync = syncs.length === 0 ? undefined : prng.pick(syncs);
        if (sync === undefined) break;
        content.completeSync(sync.id);
        model.settle(sync.step);
        syncs.splice(0, syncs.indexOf(sync) + 1);
        break;
      }
      case 3:
        content.persist(position, count);
        model.settleRange(position, count);
        sizeMin = Math.max(sizeMin, Math.min(position + count, content.size));
        break;
      default: {
        const written = Buffer.alloc(count, String.fromCharCode(97 + prng.below(26)));
        content.write(written, position);
        const old = model.text().padEnd(position, '\0');
        const text = old.slice(0, position) + written.toString() + old.slice(position + count);
        model.replace(text, text.length);
      }
    }
    assert.equal(content.size, model.size.latest);
    assert.equal(textOf(content), model.text(), 'a read sees what was written last');
  }
  content.crash();
  const sizes = model.size.possible;
  assert(content.size >= Math.min(...sizes) && content.size <= Math.max(...sizes), 'the size is a possible one');
  if (sizes.every((size) => size >= sizeMin)) assert(content.size >= sizeMin, 'a durable write keeps its size');
  const left = textOf(content);
  for (const [index, sector] of model.sectors.entries()) {
    const found = left.slice(index * sectorBytes, (index + 1) * sectorBytes);
    const isPossible = sector.possible.some((version) => version.startsWith(found));
    assert(isPossible, `seed ${seed}, sector ${index}: ${JSON.stringify(found.slice(0, 8))} was never there`);
  }
  // Nothing of the former life shows when the file grows again.
  const size = content.size;
  content.truncate(sizeMax);
  assert.equal(
    textOf(content),
    left.padEnd(sizeMax, '\0'),
    `seed ${seed}: what was cut comes back as zeros (from ${size})`,
  );
}

describe('runtime/sim: the content of a file', () => {
  it('reads as a plain buffer does, and a crash leaves in each sector a version that it had since the last sync', () => {
    for (let seed = 1; seed <= 800; seed++) live(seed);
  });
});
