/**
 * Where the appended payloads of a segment are. The record of an append does not say at what offset it was: that was the
 * object's end then. So all chunks of its object are looked at, but once for each object of a segment, in slices, and not
 * for each payload of it: of a segment full of small appends to a large object, that would be millions of chunks.
 *
 * It stays right while the segment is cleaned. No payload is added to a segment that is closed, and one that an object has
 * to itself never gets to another chunk of it; it only goes, chunk by chunk.
 */
import { look } from '../apply/look.js';
import type { StoreState } from '../apply/draft.js';
import { ObjectEditor } from '../apply/object-editor.js';
import { chunkBytes } from '../limits.js';
import type { ObjectId } from '../object-id.js';
import type { TimeSlices } from '../time-slices.js';

/** Looked at in one turn. */
const chunksTogether = 16;

/** From the first to the last, both included. */
export interface ChunkSpan {
  readonly from: number;
  readonly to: number;
}

export class AppendedPayloads {
  readonly #state: StoreState;
  readonly #segment: number;
  readonly #slices: TimeSlices;
  /** By object, then by offset of the payload in the segment: about 100 bytes for each that is in use. */
  readonly #spans = new Map<string, ReadonlyMap<number, ChunkSpan>>();

  constructor(state: StoreState, segment: number, slices: TimeSlices) {
    this.#state = state;
    this.#segment = segment;
    this.#slices = slices;
  }

  /** Finds all of the object's, once. */
  async find(object: ObjectId): Promise<void> {
    if (this.#spans.has(object.key)) return;
    const spans = new Map<number, ChunkSpan>();
    this.#spans.set(object.key, spans);
    for (let chunk = 0; await this.#findIn(object, chunk, spans); chunk += chunksTogether) await this.#slices.pass();
  }

  /** Of a payload of an object that was searched: the chunks that may show it. `undefined`: none does. */
  spanOf(object: ObjectId, offset: number): ChunkSpan | undefined {
    return this.#spans.get(object.key)?.get(offset);
  }

  /** False at the end of the object. */
  async #findIn(object: ObjectId, first: number, spans: Map<number, ChunkSpan>): Promise<boolean> {
    return await look(this.#state, 0, (draft) => {
      const editor = new ObjectEditor(draft, object);
      const end = Math.ceil(editor.size / chunkBytes);
      if (first >= end) return false;
      editor.chunks(first, Math.min(end, first + chunksTogether) - 1).forEach((extents, i) => {
        for (const { source } of extents) {
          if (source.kind !== 'own' || source.payload.segment !== this.#segment) continue;
          const { offset } = source.payload;
          spans.set(offset, { from: spans.get(offset)?.from ?? first + i, to: first + i });
        }
      });
      return true;
    });
  }
}
