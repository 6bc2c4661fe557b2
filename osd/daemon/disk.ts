/** The disk of an OSD, opened: that it is the one which its key is for is settled before anything of it is used. */
import { CairnError, isCairnError } from '../../base/errors.js';
import type { OsdId } from '../../cluster/ids.js';
import { osdId } from '../../cluster/ids.js';
import type { Credentials } from '../../protocol/credentials.js';
import type { Runtime } from '../../runtime/runtime.js';
import { writeFileDurably } from '../../runtime/whole-file.js';
import { encodeSuperblock, superblockName, type Superblock } from '../store/format/superblock.js';
import { openStore, readSuperblock } from '../store/open-store.js';
import { unfinishedKeys } from '../pg/own-keys.js';
import type { StoreOptions } from '../store/store-options.js';
import type { Store } from '../store/store.js';

export interface DiskOptions {
  readonly directory: string;
  readonly credentials: Pick<Credentials, 'fsid' | 'name'>;
  readonly store?: StoreOptions | undefined;
}

/**
 * `CONFLICT` for the disk of another OSD or cluster, `INVALID_ARGUMENT` for credentials that are no OSD's; else the errors
 * of `openStore`. A store that was made without a cluster belongs to this one from now on; one whose log lost batches goes on under
 * a new name.
 */
export async function openDisk(runtime: Runtime, { directory, credentials, store }: DiskOptions): Promise<Store> {
  const id = osdOf(credentials);
  const superblock = await readSuperblock(runtime, directory);
  checkOwner(superblock, id, credentials.fsid, directory);
  const opened = await openStore(runtime, directory, {
    onFailed: (error) => runtime.fatal(failed(id, directory, error)),
    // The peers have what is lost; this process knows how to ask for it.
    pastRot: { unfinishedKeys },
    ...store,
  });
  try {
    // Opened first: that locks it, so no other process can be at the file as well.
    if (superblock.fsid === '') await adopt(runtime, directory, { ...opened.superblock, fsid: credentials.fsid });
  } catch (error) {
    await opened.close();
    throw error;
  }
  return opened;
}

/** `osd.3` -> 3. */
export function osdOf({ name }: Pick<Credentials, 'name'>): OsdId {
  const digits = /^osd\.(0|[1-9][0-9]{0,7})$/.exec(name)?.[1];
  if (digits !== undefined) return osdId(Number(digits));
  throw new CairnError('INVALID_ARGUMENT', `an OSD runs under a key of its own such as osd.3, not that of ${name}`);
}

function checkOwner(superblock: Superblock, id: OsdId, fsid: string, directory: string): void {
  const { osd } = superblock;
  if (osd !== id) {
    const message = `${directory} has the disk of osd.${osd}, and the key is that of osd.${id}`;
    throw new CairnError('CONFLICT', `${message}; run it with \`cairn osd run\` and the settings of osd.${osd}`, {
      details: { osd },
    });
  }
  // `cairn osd mkfs` takes an fsid with dashes, too.
  const of = superblock.fsid.replaceAll('-', '');
  if (of === '' || of === fsid) return;
  const message = `${directory} has a disk of cluster ${of}, not of ${fsid}`;
  const advice = `name another directory, or remove this one and make a new store with \`cairn osd mkfs --osd ${id}\``;
  throw new CairnError('CONFLICT', `${message}; ${advice}`, { details: { fsid: of } });
}

async function adopt({ disk }: Runtime, directory: string, superblock: Superblock): Promise<void> {
  await writeFileDurably(disk, directory, superblockName, encodeSuperblock(superblock));
}

/** What is done about it is a person's choice; the data is on other OSDs, too. */
function failed(id: OsdId, directory: string, cause: CairnError): CairnError {
  const advice = 'look at its kernel messages; if it is broken, replace it and make a new store with `cairn osd mkfs`';
  const sentence = `the disk of osd.${id} in ${directory} failed: ${cause.message}; ${advice}`;
  return new CairnError(isCairnError(cause) ? cause.code : 'IO_ERROR', sentence, { cause, applied: cause.applied });
}
