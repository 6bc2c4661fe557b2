/**
 * The number that a store has in the cluster, kept beside it. A store that the cluster gave up (`osd lost`, `osd purge`) is
 * known to nobody, so that registering it again gives it another number, as if it were empty; but it is full of what others
 * have long changed. Under a number of its own only can what it holds be trusted.
 */
import { hexText } from '../../base/bytes.js';
import { CairnError, isCairnError } from '../../base/errors.js';
import type { Runtime } from '../../runtime/runtime.js';
import { readWholeFile, writeFileDurably } from '../../runtime/whole-file.js';
import type { SelfIdentity } from '../pg/pg-service.js';

const fileName = 'store-number';
const bytesMax = 1_024;

/**
 * Durable before it resolves, so before anything is stored under that number. `CONFLICT` when this store had another one
 * before.
 */
export async function keepStoreNumber(
  runtime: Runtime,
  directory: string,
  { uuid, self }: { readonly uuid: Uint8Array; readonly self: Pick<SelfIdentity, 'osd' | 'store'> },
): Promise<void> {
  // With the uuid, as whoever makes a new store in this directory may leave the file there.
  const text = `${hexText(uuid)} ${self.store}\n`;
  const kept = await read(runtime, `${directory}/${fileName}`);
  if (kept === text) return;
  if (kept?.startsWith(hexText(uuid)) === true) {
    const what = `the cluster gave the store in ${directory} up: what is in it is not of osd.${self.osd} any more`;
    throw new CairnError('CONFLICT', `${what}; remove it and make a new one with \`cairn osd mkfs --osd ${self.osd}\``);
  }
  await writeFileDurably(runtime.disk, directory, fileName, new TextEncoder().encode(text));
}

async function read({ disk }: Runtime, path: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await readWholeFile(disk, path, bytesMax));
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}
