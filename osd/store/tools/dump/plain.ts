/** Values of the store as JSON can have them: bytes as hex, numbers of 64 bits as hex, maps as objects, objects by name. */
import { hexText } from '../../../../base/bytes.js';
import { showObject, type ObjectId } from '../../object-id.js';

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

export function plain(value: unknown): Plain {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return value.toString(16).padStart(16, '0');
  if (value instanceof Uint8Array) return hexText(value);
  if (value instanceof Map) return fields(Array.from(value.entries() as Iterable<[string, unknown]>));
  if (Array.isArray(value)) return value.map(plain);
  if (isObjectId(value)) return showObject(value);
  return fields(Object.entries(value));
}

function fields(entries: readonly (readonly [string, unknown])[]): Plain {
  const present = entries.filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, plain(value)]));
}

function isObjectId(value: object): value is ObjectId {
  return 'owner' in value && 'key' in value && 'name' in value && 'pool' in value;
}
