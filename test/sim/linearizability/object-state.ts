/** What the model of an object is: everything that clients can see of it. Values are latin1 text, one character a byte. */
import { xxh64 } from '../../../base/xxh64.js';
import { emptyBytes } from '../../../base/bytes.js';

/**
 * Versions as one number, `term * 2^32 + seq`: they only ever grow. That of a change whose reply nobody saw is not known
 * until somebody reads it.
 */
export type VersionState =
  { readonly kind: 'absent' } | { readonly kind: 'known'; readonly version: number } | { readonly kind: 'unknown' };

export interface ObjectState {
  readonly version: VersionState;
  /** Every later change has a higher version, and the present one, if unknown, is higher as well. */
  readonly versionFloor: number;
  readonly data: Uint8Array;
  readonly attributes: ReadonlyMap<string, string>;
  readonly omap: ReadonlyMap<string, string>;
}

export const absentObject: ObjectState = {
  version: { kind: 'absent' },
  versionFloor: 0,
  data: emptyBytes,
  attributes: new Map(),
  omap: new Map(),
};

const seqCount = 2 ** 32;
/** Leaves room for a half between any two. */
const versionMax = 2 ** 52;

export function versionNumber({ term, seq }: { readonly term: number; readonly seq: number }): number {
  const version = term * seqCount + seq;
  if (Number.isSafeInteger(version) && version <= versionMax && seq < seqCount) return version;
  throw new Error(`version ${term}.${seq} is beyond what the model can hold`);
}

export function showVersion(version: number): string {
  return `${Math.floor(version / seqCount)}.${version % seqCount}`;
}

export function exists(state: ObjectState): boolean {
  return state.version.kind !== 'absent';
}

/** Equal for equal states only, as far as xxh64 tells. */
export function stateKey(state: ObjectState): string {
  const { version, versionFloor, data } = state;
  const versionKey = version.kind === 'known' ? `=${version.version}` : version.kind;
  const content = `${data.byteLength}:${xxh64(data).toString(36)}`;
  return [versionKey, versionFloor, content, mapKey(state.attributes), mapKey(state.omap)].join('/');
}

export function showState(state: ObjectState): string {
  const { version, data, attributes, omap } = state;
  if (version.kind === 'absent') return 'absent';
  const which = version.kind === 'known' ? `version ${showVersion(version.version)}` : 'a version that nobody saw';
  return `${which}, ${showData(data)}, attributes ${showMap(attributes)}, omap ${showMap(omap)}`;
}

/** Unique values begin with their names, so the first characters tell whose they are. */
export function showData(data: Uint8Array): string {
  const shown = Buffer.from(data.buffer, data.byteOffset, Math.min(data.byteLength, 16)).toString('latin1');
  return `${data.byteLength} bytes ${JSON.stringify(shown)}${data.byteLength > 16 ? '…' : ''}`;
}

export function showMap(map: ReadonlyMap<string, string>): string {
  return `{${Array.from(sorted(map), ([name, value]) => `${name}: ${value}`).join(', ')}}`;
}

/** In byte order of the names: latin1 text compares as its bytes do. */
export function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return Array.from(map).sort(([a], [b]) => (a < b ? -1 : 1));
}

function mapKey(map: ReadonlyMap<string, string>): string {
  return map.size === 0 ? '' : JSON.stringify(sorted(map));
}
