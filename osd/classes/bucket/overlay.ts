/**
 * The omap of a shard as the changes so far leave it: a call that deletes a thousand versions meets keys that it has changed
 * itself. Only heads; what is read of bodies is as it was before the call.
 */
import type { ClassChange, ClassReader } from '../object-class.js';
import type { BodySlot } from '../../store/format/omap-value.js';

export type OmapPair = readonly [key: string, head: Uint8Array];
export type BodyChanges = readonly { readonly slot: BodySlot; readonly body: Uint8Array | undefined }[];

export class Overlay {
  readonly changes: ClassChange[] = [];
  readonly #reader: ClassReader;
  /** `undefined`: removed. */
  readonly #heads = new Map<string, Uint8Array | undefined>();

  constructor(reader: ClassReader) {
    this.#reader = reader;
  }

  async head(key: string): Promise<Uint8Array | undefined> {
    return this.#heads.has(key) ? this.#heads.get(key) : await this.#reader.omapHead(key);
  }

  /** At most `count` keys from `from` to before `to`. */
  async list(from: string, to: string | undefined, count: number): Promise<readonly OmapPair[]> {
    const touched = [...this.#heads].filter(([key]) => key >= from && (to === undefined || key < to));
    // Whatever was touched may hide one that was there.
    const found = await this.#reader.omapList(from, to, count + touched.length);
    if (touched.length === 0) return found;
    const kept = found.filter(([key]) => !this.#heads.has(key));
    const added = touched.filter((pair): pair is [string, Uint8Array] => pair[1] !== undefined);
    return [...kept, ...added].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).slice(0, count);
  }

  set(key: string, head: Uint8Array, bodies: BodyChanges = []): void {
    this.changes.push({ kind: 'omap-set', key, head, bodies });
    this.#heads.set(key, head);
  }

  remove(key: string): void {
    this.changes.push({ kind: 'omap-remove', key });
    this.#heads.set(key, undefined);
  }

  /** With its bodies, and the head that it has. Whatever was at `to` is gone. */
  move(from: string, to: string, head: Uint8Array): void {
    this.changes.push({ kind: 'omap-move', from, to });
    this.#heads.set(from, undefined);
    this.#heads.set(to, head);
  }
}
