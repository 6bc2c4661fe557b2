/**
 * Chunks that are no object's: to be released when the store is opened (`bulk/`). What they show is in use until then, though nobody
 * reads it. Runs before what is shared is compared.
 */
import { decodeChunk } from '../../format/chunk-value.js';
import { objectPartOf } from '../../format/index-key.js';
import { parseObjectKey } from '../../object-id.js';
import { showKey } from '../../../../runtime/kv-seal.js';
import type { ObjectCheck } from './check-objects.js';
import { forEachEntry } from './check-shared.js';

const discardKeyLength = 1 + 8 + 4 + 4;

export async function checkAside(check: ObjectCheck): Promise<void> {
  await forEachEntry(check, 'd', async ({ key, value }) => {
    if (key.length === discardKeyLength) addChunk(check, key, value);
    else malformedKey(check, key);
  });
  await forEachEntry(check, 'u', async ({ key, value }) => {
    const part = objectPartOf(key);
    parseObjectKey(part);
    const rest = key.length - 1 - part.length;
    if (rest === 4) addChunk(check, key, value);
    else if (rest !== 0) malformedKey(check, key);
  });
}

function addChunk({ accounts, payloads }: ObjectCheck, key: string, value: Uint8Array): void {
  for (const { source, skip, bytes } of decodeChunk(value)) {
    if (source.kind === 'shared') accounts.addReference(source.id, skip + bytes);
    else payloads.count(source.payload, bytes, { key: showKey(key) });
  }
}

function malformedKey({ findings }: ObjectCheck, key: string): void {
  findings.add('index-malformed', 'the key of a chunk that was put aside is malformed', { key: showKey(key) });
}
