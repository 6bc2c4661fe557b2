/**
 * Object classes: code that runs at the primary of an object, reads it and decides on its changes. What is logged and sent
 * to the other copies is the changes, never the call, so two versions of the program may decide differently (DESIGN.md section 5).
 */
import { CairnError } from '../../base/errors.js';
import type { MonotonicMs } from '../../base/instants.js';
import type { ObjectStat } from '../../protocol/osd-methods.js';
import type { BodySlot } from '../store/format/omap-value.js';

/** The object as it is before the call, what came earlier in the same request included only where this says so. */
export interface ClassReader {
  stat(): Promise<ObjectStat | undefined>;
  /** Fewer bytes at the end; none of an object that is not there. */
  read(offset: number, bytes: number): Promise<Uint8Array>;
  attribute(name: string): Promise<Uint8Array | undefined>;
  omapHead(key: string): Promise<Uint8Array | undefined>;
  omapBody(key: string, slot: BodySlot): Promise<Uint8Array | undefined>;
  /** Heads from `from` to before `to`, at most `count`. */
  omapList(from: string, to: string | undefined, count: number): Promise<readonly (readonly [string, Uint8Array])[]>;
}

/** What a class may do to its object, with the bytes at hand. */
export type ClassChange =
  | { readonly kind: 'create' | 'remove' }
  | { readonly kind: 'write'; readonly offset: number; readonly data: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }
  | { readonly kind: 'set-attribute'; readonly name: string; readonly value: Uint8Array }
  | { readonly kind: 'remove-attribute'; readonly name: string }
  | {
      readonly kind: 'omap-set';
      readonly key: string;
      readonly head: Uint8Array | undefined;
      readonly bodies: readonly { readonly slot: BodySlot; readonly body: Uint8Array | undefined }[];
    }
  | { readonly kind: 'omap-remove'; readonly key: string }
  | { readonly kind: 'omap-remove-range'; readonly from: string; readonly to: string | undefined }
  | { readonly kind: 'omap-move'; readonly from: string; readonly to: string }
  /** Work for somebody later (DESIGN.md section 6). */
  | { readonly kind: 'set-mark'; readonly mark: string; readonly value: Uint8Array }
  | { readonly kind: 'remove-mark'; readonly mark: string };

export interface ClassResult {
  readonly changes: readonly ClassChange[];
  readonly output: Uint8Array;
  /** Larger data for the client, of a call that changes nothing. Default none. */
  readonly data?: readonly Uint8Array[];
}

/** What a method is given beside its object and its input. */
export interface ClassContext {
  /** The bytes that came with the call. */
  readonly payload: Uint8Array;
  readonly clock: ClassClock;
}

export interface ClassClock {
  /** For long calls, which stop in time and say where. */
  now(): MonotonicMs;
  /**
   * The cluster's wall time, ms since the epoch, and how long ago the monitors told it: for dates only. `undefined`: this OSD has
   * not heard it yet.
   */
  wall(): { readonly ms: number; readonly ageMs: number } | undefined;
}

/** A `CairnError` that it throws is the request's answer; anything else is `INTERNAL`, and changes nothing either. */
export type ClassMethod = (
  reader: ClassReader,
  input: Uint8Array,
  context: ClassContext,
) => Promise<ClassResult> | ClassResult;

/** By `class.method`. */
export type ClassTable = ReadonlyMap<string, ClassMethod>;

export function findMethod(table: ClassTable, name: string, method: string): ClassMethod {
  const found = table.get(`${name}.${method}`);
  if (found !== undefined) return found;
  throw new CairnError('UNSUPPORTED', `this OSD has no method ${method} of an object class ${name}; upgrade it`);
}
