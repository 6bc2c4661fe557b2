/** One object of an OSD in memory, with the class `bucket` on it: what a call changes is applied as the OSD would. */
import assert from 'node:assert/strict';
import { monotonicMs } from '../../../../base/instants.js';
import { objectClasses } from '../../../../osd/classes/all.js';
import { type ClassChange, type ClassReader, findMethod } from '../../../../osd/classes/object-class.js';
import { concatBytes } from '../../../../base/bytes.js';
import { decodeShardHeader, headerAttribute, type ShardHeader } from '../../../../protocol/bucket/shard-header.js';
import { decodeHeader, encodeHeader } from '../../../../wire/header-codec.js';

interface Value {
  readonly head: Uint8Array;
  readonly bodies: ReadonlyMap<number, Uint8Array>;
}

export const bucketId = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

export class ShardObject {
  readonly attributes = new Map<string, Uint8Array>();
  readonly omap = new Map<string, Value>();
  readonly marks = new Map<string, Uint8Array>();
  /** Wall time; `undefined`: not known. */
  nowMs: number | undefined = 1_800_000_000_000;
  /** How long ago the monitors told it. */
  ageMs = 0;
  generation = 1;
  calls = 0;
  keysRead = 0;
  #exists = false;

  /** Open, of the whole bucket. */
  static async make(
    rules: { readonly versioning?: 'off' | 'enabled' | 'suspended'; readonly isLockEnabled?: boolean } = {},
    rest: Record<string, unknown> = {},
  ): Promise<ShardObject> {
    const object = new ShardObject();
    const { versioning = 'off', isLockEnabled = false } = rules;
    await object.call('create', {
      bucket: bucketId,
      generation: 1,
      shard: 0,
      rectangle: { hashFrom: 0, hashTo: 0xffffffff, keyFrom: '' },
      tableVersion: 1,
      rules: { versioning, isLockEnabled, owner: 'alice' },
      state: 'open',
      nextSequence: 1,
      ...rest,
    });
    return object;
  }

  get header(): ShardHeader {
    return decodeShardHeader(this.attributes.get(headerAttribute) ?? assert.fail('no header'));
  }

  /** With the bucket and its generation. */
  async ask(method: string, input: Record<string, unknown>, payload: Uint8Array = new Uint8Array(0)): Promise<Reply> {
    return await this.call(method, { bucket: bucketId, generation: this.generation, ...input }, payload);
  }

  /** What the class refuses is thrown, and nothing is changed. */
  async call(method: string, input: unknown, payload: Uint8Array = new Uint8Array(0)): Promise<Reply> {
    this.calls += 1;
    const { nowMs, ageMs } = this;
    const clock = {
      now: () => monotonicMs(0),
      wall: () => (nowMs === undefined ? undefined : { ms: nowMs, ageMs }),
    };
    const result = await findMethod(objectClasses, 'bucket', method)(this.#reader(), encodeHeader(input), {
      payload,
      clock,
    });
    for (const change of result.changes) this.#apply(change);
    return {
      output: decodeHeader(result.output, 0, result.output.byteLength) as Record<string, unknown>,
      data: concatBytes(result.data ?? []),
      changes: result.changes,
    };
  }

  #reader(): ClassReader {
    return {
      stat: () => Promise.resolve(this.#exists ? { size: 0, version: { term: 1, seq: 1 } } : undefined),
      read: () => Promise.resolve(new Uint8Array(0)),
      attribute: (name) => Promise.resolve(this.attributes.get(name)),
      omapHead: (key) => Promise.resolve(this.omap.get(key)?.head),
      omapBody: (key, slot) => Promise.resolve(this.omap.get(key)?.bodies.get(slot)),
      omapList: (from, to, count) => {
        const keys = [...this.omap.keys()]
          .filter((key) => key >= from && (to === undefined || key < to))
          .toSorted(byBytes);
        const found = keys.slice(0, count).map((key) => [key, this.omap.get(key)?.head ?? assert.fail()] as const);
        this.keysRead += found.length;
        return Promise.resolve(found);
      },
    };
  }

  #apply(change: ClassChange): void {
    this.#exists = true;
    switch (change.kind) {
      case 'set-attribute':
        this.attributes.set(change.name, change.value);
        return;
      case 'set-mark':
        this.marks.set(change.mark, change.value);
        return;
      case 'remove-mark':
        this.marks.delete(change.mark);
        return;
      case 'omap-remove':
        this.omap.delete(change.key);
        return;
      case 'omap-move': {
        const value = this.omap.get(change.from);
        this.omap.delete(change.to);
        if (value !== undefined) this.omap.set(change.to, value);
        this.omap.delete(change.from);
        return;
      }
      case 'omap-set': {
        const before = this.omap.get(change.key);
        const bodies = new Map(before?.bodies);
        for (const { slot, body } of change.bodies) {
          if (body === undefined) bodies.delete(slot);
          else bodies.set(slot, Uint8Array.from(body));
        }
        this.omap.set(change.key, { head: change.head ?? before?.head ?? new Uint8Array(0), bodies });
        return;
      }
      case 'create':
      case 'remove':
      case 'write':
      case 'truncate':
      case 'remove-attribute':
      case 'omap-remove-range':
        assert.fail(`a shard does not ${change.kind}`);
    }
  }
}

export interface Reply {
  readonly output: Record<string, unknown>;
  readonly data: Uint8Array;
  readonly changes: readonly ClassChange[];
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
