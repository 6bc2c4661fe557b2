/** Short ways to open a key-value store, to write to it and to say what it holds. */
import { latin1Text, utf8Bytes } from '../../../base/bytes.js';
import type { Kv, KvEntry, KvIterateOptions, KvIterator, KvOperation, KvReader } from '../../../runtime/kv.js';
import { claim, type Harness, type OpenHarness } from './harness.js';

export const lazily = { sync: false } as const;
export const durably = { sync: true } as const;

/** Every single byte as a key, and keys that differ only after a zero byte. */
export const binaryKeys = [
  ...Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)),
  'a\0',
  'a\0\0',
  'a\0b',
  'a\xff',
  'a\xff\xff',
  '\xff\xff',
  '\0\0',
];

/** A test with a store of its own. */
export function claimOfStore(title: string, open: OpenHarness, body: (kv: Kv) => Promise<void>): void {
  claim(title, open, async (harness) => {
    const kv = await openStore(harness);
    try {
      await body(kv);
    } finally {
      await kv.close();
    }
  });
}

export function openStore(harness: Harness, options = {}): Promise<Kv> {
  return harness.runtime.kv.open(`${harness.directory}/store`, options);
}

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
