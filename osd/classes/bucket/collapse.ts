/** Prefix, delimiter and position of a listing. Pure; all keys are escaped. */
import type { Cursor } from '../../../protocol/bucket/page.js';
import { endOf, unescapeKey } from '../../../protocol/bucket/shard-keys.js';

export class Collapse {
  readonly prefix: string;
  readonly #delimiter: string;
  /** The last key or prefix that was shown, or passed over. */
  #last: { readonly kind: Cursor['kind']; readonly escaped: string } | undefined;

  constructor(prefix: string, delimiter: string) {
    this.prefix = prefix;
    this.#delimiter = delimiter;
  }

  /**
   * The first key to look at. `after` may be a key, or a prefix that was shown: then nothing that begins with it comes. A key
   * that the delimiter would collapse counts as its prefix, as that was shown before it.
   */
  startAfter(after: string | undefined): string {
    if (after === undefined || after < this.prefix) return this.prefix;
    const common = this.of(after);
    if (common === undefined) {
      this.passKey(after);
      return `${after}\0`;
    }
    this.passPrefix(common);
    return endOf(common) ?? '\xff\xff';
  }

  /** What stands for the key in the answer; `undefined`: the key itself. */
  of(escaped: string): string | undefined {
    if (this.#delimiter === '' || !escaped.startsWith(this.prefix)) return undefined;
    const at = escaped.indexOf(this.#delimiter, this.prefix.length);
    return at < 0 ? undefined : escaped.slice(0, at + this.#delimiter.length);
  }

  passKey(escaped: string): void {
    this.#last = { kind: 'key', escaped };
  }

  passPrefix(escaped: string): void {
    this.#last = { kind: 'prefix', escaped };
  }

  /** Where a listing that stops now goes on. */
  cursor(): Cursor | undefined {
    if (this.#last === undefined) return undefined;
    return { kind: this.#last.kind, key: unescapeKey(this.#last.escaped) };
  }
}
