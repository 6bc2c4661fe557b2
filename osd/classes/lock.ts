/**
 * Locks on objects, as RADOS has them (`cls_lock`): advisory, by name, held by an owner under a cookie, exclusive or shared. They
 * stand in an attribute, `lock.NAME`, so they are replicated, cloned and removed with their object, and a client that checks
 * one in the guard of a request knows that it held it when the request took effect.
 *
 *     attribute   format u8  kind u8  tag text  holders varint { owner text  cookie text  description text }
 */
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { CairnError } from '../../base/errors.js';
import { decodeHeader, encodeHeader } from '../../wire/header-codec.js';
import type { ClassMethod, ClassReader, ClassResult } from './object-class.js';

export interface LockHolder {
  readonly owner: string;
  /** Tells several locks of one owner apart. */
  readonly cookie: string;
  /** For people. */
  readonly description: string;
}

export interface LockState {
  readonly kind: 'exclusive' | 'shared';
  /** Who uses another tag does not know what the lock is for, and is refused. */
  readonly tag: string;
  readonly holders: readonly LockHolder[];
}

/** What `lock.acquire` takes, as MessagePack. */
export interface AcquireInput extends LockHolder {
  readonly name: string;
  readonly kind: 'exclusive' | 'shared';
  readonly tag: string;
}

/** What `lock.release` takes; `lock.break` names the owner of another. */
export interface ReleaseInput {
  readonly name: string;
  readonly owner: string;
  readonly cookie: string;
}

const format = 1;
const textBytesMax = 1_024;
const holdersMax = 64;

/** By `class.method`. */
export const lockMethods: readonly (readonly [string, ClassMethod])[] = [
  ['lock.acquire', acquire],
  ['lock.release', (reader, input) => release(reader, input, 'release')],
  ['lock.break', (reader, input) => release(reader, input, 'break')],
  ['lock.info', info],
];

/** `CONFLICT` with `details.holders` while others hold it. To acquire what one holds already changes its description. */
async function acquire(reader: ClassReader, input: Uint8Array): Promise<ClassResult> {
  const wanted = readInput(input, ['name', 'owner', 'cookie', 'description', 'kind', 'tag']);
  const { name, owner, cookie, description, tag } = wanted;
  const kind = wanted['kind'] === 'exclusive' || wanted['kind'] === 'shared' ? wanted['kind'] : undefined;
  if (kind === undefined) throw new CairnError('INVALID_ARGUMENT', 'a lock is exclusive or shared');
  const before = await stateOf(reader, name);
  const others = (before?.holders ?? []).filter((one) => one.owner !== owner || one.cookie !== cookie);
  const isShareable = before === undefined || (before.kind === 'shared' && kind === 'shared' && before.tag === tag);
  if (others.length > 0 && !isShareable) {
    const who = others.map((one) => one.owner).join(', ');
    throw new CairnError('CONFLICT', `the lock ${name} is held by ${who}; wait, or break it`, {
      details: { holders: others.map((one) => [one.owner, one.cookie]) },
    });
  }
  if (others.length >= holdersMax) throw new CairnError('OVERLOADED', `the lock ${name} has ${holdersMax} holders`);
  const holders = [...others, { owner, cookie, description }];
  return changed(name, { kind, tag, holders });
}

/** `NOT_FOUND` for a lock that this owner does not hold under this cookie. */
async function release(reader: ClassReader, input: Uint8Array, verb: string): Promise<ClassResult> {
  const { name, owner, cookie } = readInput(input, ['name', 'owner', 'cookie']);
  const before = await stateOf(reader, name);
  const holders = (before?.holders ?? []).filter((one) => one.owner !== owner || one.cookie !== cookie);
  if (before === undefined || holders.length === before.holders.length) {
    throw new CairnError('NOT_FOUND', `${owner} does not hold the lock ${name} under that cookie: nothing to ${verb}`);
  }
  return changed(name, { ...before, holders });
}

async function info(reader: ClassReader, input: Uint8Array): Promise<ClassResult> {
  const { name } = readInput(input, ['name']);
  const state = await stateOf(reader, name);
  return { changes: [], output: encodeHeader(state ?? { kind: 'exclusive', tag: '', holders: [] }) };
}

function changed(name: string, state: LockState): ClassResult {
  const attribute = attributeOf(name);
  const output = new Uint8Array(0);
  if (state.holders.length === 0) return { changes: [{ kind: 'remove-attribute', name: attribute }], output };
  return { changes: [{ kind: 'set-attribute', name: attribute, value: encodeLock(state) }], output };
}

async function stateOf(reader: ClassReader, name: string): Promise<LockState | undefined> {
  const stored = await reader.attribute(attributeOf(name));
  return stored === undefined ? undefined : decodeLock(stored);
}

function attributeOf(name: string): string {
  return `lock.${name}`;
}

export function encodeLock({ kind, tag, holders }: LockState): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(format);
  writer.u8(kind === 'exclusive' ? 1 : 2);
  writer.text(tag);
  writer.varint(holders.length);
  for (const { owner, cookie, description } of holders) {
    writer.text(owner);
    writer.text(cookie);
    writer.text(description);
  }
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeLock(bytes: Uint8Array): LockState {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a lock');
  if (version !== format) throw reader.error(`a lock of unknown format ${version}`, 0);
  const kind = reader.u8('the kind of a lock');
  if (kind !== 1 && kind !== 2) throw reader.error(`a lock of unknown kind ${kind}`, 1);
  const tag = reader.text('a tag', textBytesMax);
  const holders: LockHolder[] = [];
  for (let left = reader.count('holders', 3, holdersMax); left > 0; left--) {
    const owner = reader.text('an owner', textBytesMax);
    const cookie = reader.text('a cookie', textBytesMax);
    holders.push({ owner, cookie, description: reader.text('a description', textBytesMax) });
  }
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a lock');
  return { kind: kind === 1 ? 'exclusive' : 'shared', tag, holders };
}

/** `INVALID_ARGUMENT` for what does not have these texts. */
function readInput<Name extends string>(input: Uint8Array, names: readonly Name[]): Record<Name, string> {
  const value: unknown = decodeHeader(input, 0, input.byteLength);
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const text: unknown =
      typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
    if (typeof text !== 'string' || Buffer.byteLength(text) > textBytesMax) {
      throw new CairnError(
        'INVALID_ARGUMENT',
        `a lock is asked for with ${name}, a text of at most ${textBytesMax} bytes`,
      );
    }
    found[name] = text;
  }
  return found as Record<Name, string>;
}
