/** Calls of the class `bucket` as a gateway makes them, in few words. */
import { createHash } from 'node:crypto';
import { concatBytes, utf8Bytes } from '../../../../base/bytes.js';
import { contentPrefix, encodeStoredHeaders } from '../../../../protocol/bucket/content.js';
import { decodeEntry, type Entry } from '../../../../protocol/bucket/entry.js';
import { readPage, type PageItem } from '../../../../protocol/bucket/page.js';
import type { ShardObject } from './shard-object.js';

export interface Version {
  readonly sequence: number;
  readonly requestId: Uint8Array;
}

let requests = 0;

/** Another one each time. */
export function requestId(): Uint8Array {
  requests += 1;
  const id = Buffer.alloc(8);
  id.writeUInt32BE(requests, 4);
  return Uint8Array.from(id);
}

export function md5(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('md5').update(bytes).digest());
}

const headers = encodeStoredHeaders({
  headers: new Map([['content-type', 'text/plain']]),
  metadata: new Map([['colour', 'grün']]),
});

export const plain = { owner: '', storageClass: '', acl: 'private', legalHold: false, tagCount: 0, tagHash: 0 };

export async function put(
  object: ShardObject,
  key: string,
  text: string,
  extra: Record<string, unknown> = {},
): Promise<{ readonly version: Version; readonly isNull: boolean; readonly isOverwrite: boolean }> {
  const payload = utf8Bytes(text);
  const content = concatBytes([contentPrefix(headers), payload]);
  const { output } = await object.ask(
    'put',
    {
      key,
      requestId: requestId(),
      ...plain,
      size: payload.byteLength,
      etag: md5(payload),
      partCount: 0,
      isInline: true,
      isShared: false,
      intents: [],
      contentBytes: content.byteLength,
      tagsBytes: 0,
      aclBytes: 0,
      ...extra,
    },
    content,
  );
  return output as never;
}

export interface Deleted {
  readonly kind: 'deleted' | 'refused';
  readonly version?: Version;
  readonly isMarker?: boolean;
  readonly refusal?: string;
}

export async function remove(
  object: ShardObject,
  items: readonly { readonly key: string; readonly version?: Version | 'null'; readonly condition?: unknown }[],
  extra: Record<string, unknown> = {},
): Promise<readonly Deleted[]> {
  const { output } = await object.ask('delete', {
    requestId: requestId(),
    owner: '',
    mayBypassGovernance: false,
    items,
    ...extra,
  });
  return output['answers'] as never;
}

export async function get(
  object: ShardObject,
  key: string,
  version?: Version | 'null',
): Promise<{ readonly entry: Entry; readonly isLatest: boolean; readonly content: Uint8Array }> {
  const { output, data } = await object.ask('get', { key, wants: ['content'], ...(version && { version }) });
  return {
    entry: decodeEntry(output['head'] as Uint8Array),
    isLatest: output['isLatest'] as boolean,
    content: data,
  };
}

export interface Page {
  readonly items: readonly PageItem[];
  readonly next: { readonly key: string; readonly version?: number; readonly upload?: string } | undefined;
}

export async function list(object: ShardObject, method: string, input: Record<string, unknown>): Promise<Page> {
  const { output, data } = await object.ask(method, { prefix: '', delimiter: '', count: 1_000, ...input });
  return { items: readPage(data), next: output['next'] as Page['next'] };
}
