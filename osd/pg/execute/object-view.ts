/** An object as one request sees it: its head is looked up once. */
import { concatBytes } from '../../../base/bytes.js';
import { isCairnError } from '../../../base/errors.js';
import type { ObjectStat } from '../../../protocol/osd-methods.js';
import type { ClassReader } from '../../classes/object-class.js';
import type { BodySlot } from '../../store/format/omap-value.js';
import type { ObjectId } from '../../store/object-id.js';
import type { ObjectInfo, ObjectReader } from '../../store/read/object-reader.js';

export class ObjectView implements ClassReader {
  readonly object: ObjectId;
  readonly #objects: ObjectReader;
  #info: Promise<ObjectInfo | undefined> | undefined;

  constructor(objects: ObjectReader, object: ObjectId) {
    this.#objects = objects;
    this.object = object;
  }

  info(): Promise<ObjectInfo | undefined> {
    this.#info ??= this.#objects.stat(this.object);
    return this.#info;
  }

  async stat(): Promise<ObjectStat | undefined> {
    const info = await this.info();
    return info === undefined ? undefined : { size: info.size, version: info.version };
  }

  async read(offset: number, bytes: number): Promise<Uint8Array> {
    try {
      return concatBytes(await this.#objects.read(this.object, offset, bytes, { mayBeCached: true }));
    } catch (error) {
      if (isCairnError(error, 'NOT_FOUND')) return new Uint8Array(0);
      throw error;
    }
  }

  async attribute(name: string): Promise<Uint8Array | undefined> {
    return (await this.info())?.attributes.get(name);
  }

  async omapHead(key: string): Promise<Uint8Array | undefined> {
    return (await this.#objects.omapGet(this.object, key))?.head;
  }

  /** Head and bodies together; 0 when there is no such key. */
  async omapValueBytes(key: string): Promise<number> {
    const item = await this.#objects.omapGet(this.object, key);
    return item === undefined ? 0 : item.head.byteLength + item.bodyBytes;
  }

  omapBody(key: string, slot: BodySlot): Promise<Uint8Array | undefined> {
    return this.#objects.omapBody(this.object, key, slot, { mayBeCached: true });
  }

  async omapList(from: string, to: string | undefined, count: number): Promise<(readonly [string, Uint8Array])[]> {
    return await listOmap(this.#objects, this.object, { from, to, count, isReverse: false });
  }
}

export interface OmapListing {
  readonly from: string;
  readonly to: string | undefined;
  readonly count: number;
  readonly isReverse: boolean;
}

export async function listOmap(
  objects: ObjectReader,
  object: ObjectId,
  { from, to, count, isReverse }: OmapListing,
): Promise<(readonly [string, Uint8Array])[]> {
  const walk = objects.omapWalk(object, { from, to }, { reverse: isReverse });
  const found: (readonly [string, Uint8Array])[] = [];
  try {
    while (found.length < count) {
      const page = await walk.next(count - found.length);
      if (page.length === 0) break;
      for (const { key, head } of page) found.push([key, head]);
    }
  } finally {
    await walk.close();
  }
  return found;
}
