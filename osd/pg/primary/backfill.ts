/**
 * Objects of a joiner that the log does not reach back to, in their order, from its cursor on: those whose version is the same
 * here and there are the same, as a version names one entry; others are copied, and what is not here is removed.
 */
import { latin1Bytes, latin1Text } from '../../../base/bytes.js';
import { orderRange } from '../../../cluster/object-placement.js';
import { unfinishedVersion } from '../copy/read-parts.js';
import { joinScanMethod } from '../messages.js';
import { isSamePosition } from '../types.js';
import { parseObjectKey } from '../../store/object-id.js';
import type { JoinStream } from './join-stream.js';
import type { Leader } from './leader.js';

/** Objects compared at a time. */
const chunkObjects = 64;

export class Backfill {
  readonly #primary: Leader;
  readonly #stream: JoinStream;
  /** Keys of the chunk that were not come to yet. */
  readonly #open = new Set<string>();
  /** The last key of the chunk; `undefined`: to the end of the PG. */
  #until: string | undefined;

  constructor(primary: Leader, stream: JoinStream) {
    this.#primary = primary;
    this.#stream = stream;
  }

  async run(): Promise<void> {
    if (this.#stream.cursor === undefined) return;
    this.#stream.onBeyond = (key) => {
      if (this.#until === undefined || key <= this.#until) this.#open.add(key);
    };
    for (let isLast = false; !isLast;) isLast = await this.#chunk();
    this.#stream.onBeyond = () => undefined;
    // All values of the PG, but for the copy's own, which begin with NUL.
    await this.#stream.copyValues([{ kind: 'pg-range', from: '\x01', to: undefined }]);
    await this.#stream.copyBehind();
    await this.#stream.settled();
  }

  /** True: it was the last one. */
  async #chunk(): Promise<boolean> {
    const { term, pool } = this.#primary;
    const after = this.#stream.cursor ?? '';
    this.#until = undefined;
    const keys = await this.#ownKeys(after, orderRange(term.pg.pg, pool.pgNum));
    const isLast = keys.length < chunkObjects;
    this.#until = isLast ? undefined : keys.at(-1);
    for (const key of keys) this.#open.add(key);
    const theirs = await this.#theirVersions(after, this.#until);
    for (const key of theirs.keys()) this.#open.add(key);
    for (let key = this.#first(); key !== undefined; key = this.#first()) {
      this.#open.delete(key);
      await this.#object(key, theirs.get(key));
    }
    this.#stream.moveCursor(isLast ? undefined : this.#until);
    return isLast;
  }

  #first(): string | undefined {
    let first: string | undefined;
    for (const key of this.#open) if (first === undefined || key < first) first = key;
    return first;
  }

  async #object(key: string, theirs: string | undefined): Promise<void> {
    const { term } = this.#primary;
    const object = parseObjectKey(key);
    const info = await term.host.store.objects.stat(object);
    term.throwIfOver();
    const own = info === undefined ? undefined : `${info.version.term}/${info.version.seq}`;
    const isWhole = info !== undefined && !isSamePosition(info.version, unfinishedVersion);
    // Decided without its turn: written to meanwhile, it has another version, and is listed again by that entry.
    const isSame = isWhole && own === theirs && !this.#stream.isDoubtful(key);
    if (isSame && !this.#open.has(key)) {
      this.#stream.pass(key, info.size);
      return;
    }
    this.#open.delete(key);
    await this.#stream.copyObject(object, [{ kind: 'whole', object }], { movesCursor: true });
  }

  async #ownKeys(after: string, range: { readonly from: number; readonly to: number }): Promise<string[]> {
    const { term, pool } = this.#primary;
    const walk = term.host.store.objects.objectWalk(pool.id, range);
    try {
      if (after !== '') walk.seek(`o${after}\0`);
      const keys: string[] = [];
      while (keys.length < chunkObjects) {
        const page = await walk.next(chunkObjects - keys.length);
        if (page.length === 0) break;
        for (const { key } of page) keys.push(key.slice(1));
      }
      return keys;
    } finally {
      await walk.close();
    }
  }

  async #theirVersions(from: string, until: string | undefined): Promise<Map<string, string>> {
    const { term } = this.#primary;
    const versions = new Map<string, string>();
    let after = from;
    for (;;) {
      const range = { after: latin1Bytes(after), until: until === undefined ? null : latin1Bytes(until) };
      const request = { attempt: this.#stream.attempt, ...range };
      const { header } = await term.call(this.#stream.joiner, joinScanMethod, request);
      for (const [key, versionTerm, seq] of header.objects) {
        after = latin1Text(key);
        versions.set(after, `${versionTerm}/${seq}`);
      }
      if (!header.isMore) return versions;
    }
  }
}
