/**
 * A page of a listing, as it comes beside the output: keys in UTF-8, heads as they are stored. A page may end early, even empty, because
 * the call looked at as many keys as it may: then `next` says where to go on, and there may be more.
 *
 *     items  count { kind u8  key blob  head blob (not of prefixes) }
 */
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';

/** `latest`: the current version, or the delete marker that is the latest. */
export type PageItem =
  | { readonly kind: 'latest' | 'other'; readonly key: string; readonly head: Uint8Array }
  | { readonly kind: 'prefix'; readonly key: string };

const kinds = ['latest', 'other', 'prefix'] as const;
/** A whole page and one item more, which tells that there is more. */
const itemsMax = 10_000;
const keyBytesMax = 2_048;
const headBytesMax = 64 * 1024;

/** Where a listing goes on. `key` is unescaped; with `kind` prefix nothing that begins with it comes any more. */
export interface Cursor {
  readonly kind: 'key' | 'prefix';
  readonly key: string;
  /** Of versions: within the key, those older than this one. Of uploads: later than this one, hex. */
  readonly version?: number | undefined;
  readonly upload?: string | undefined;
}

export interface PageAnswer {
  /** `undefined`: the listing is at its end in this shard. */
  readonly next: Cursor | undefined;
  readonly examined: number;
}

export class PageWriter {
  readonly #writer = new ByteWriter(16 * 1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** `key`: UTF-8 as latin1. */
  add(kind: PageItem['kind'], key: string, head?: Uint8Array): void {
    this.#count += 1;
    this.#writer.u8(kinds.indexOf(kind));
    this.#writer.latin1(key);
    if (head !== undefined) this.#writer.blob(head);
  }

  pieces(): readonly Uint8Array[] {
    const count = new ByteWriter(8);
    count.varint(this.#count);
    return [count.bytes(), this.#writer.bytes()];
  }
}

/** Heads are views of the bytes. `PARSE_ERROR` for what is no page. */
export function readPage(bytes: Uint8Array): PageItem[] {
  const reader = new ByteReader(bytes);
  const items: PageItem[] = [];
  for (let left = reader.count('items', 2, itemsMax); left > 0; left--) {
    const at = reader.offset;
    const kind = kinds[reader.u8('the kind of an item')];
    if (kind === undefined) throw reader.error('an item of unknown kind', at);
    const key = reader.text('a key', keyBytesMax);
    if (kind === 'prefix') items.push({ kind, key });
    else items.push({ kind, key, head: reader.viewRaw(reader.varint('the length of a head', headBytesMax), 'a head') });
  }
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a page');
  return items;
}
