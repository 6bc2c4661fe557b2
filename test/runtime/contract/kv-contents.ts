/** Short ways to write to a key-value store and to say what it holds. */
import { latin1Text, utf8Bytes } from '../../../base/bytes.js';
import type { KvEntry, KvIterateOptions, KvIterator, KvOperation, KvReader } from '../../../runtime/kv.js';

export function put(key: string, value: string): KvOperation {
  return { type: 'put', key, value: utf8Bytes(value) };
}

export async function textOf(reader: KvReader, key: string): Promise<string | undefined> {
  const value = await reader.get(key);
  return value && latin1Text(value);
}

export async function contentOf(reader: KvReader, options: KvIterateOptions): Promise<string> {
  return (await walk(reader, options)).map((entry) => `${entry.key}=${latin1Text(entry.value)}`).join(' ');
}

export async function walk(reader: KvReader, options: KvIterateOptions): Promise<KvEntry[]> {
  const iterator = reader.iterate(options);
  try {
    return await drain(iterator);
  } finally {
    await iterator.close();
  }
}

export async function drain(iterator: KvIterator): Promise<KvEntry[]> {
  const entries: KvEntry[] = [];
  for (let page = await iterator.next(100); page.length > 0; page = await iterator.next(100)) entries.push(...page);
  return entries;
}

export async function keysOf(iterator: KvIterator): Promise<string> {
  return (await iterator.next(1)).map((entry) => entry.key).join('');
}
