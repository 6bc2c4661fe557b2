/**
 * A monitor that was removed from its cluster and runs on, or is started again, would answer its clients from a past that
 * never changes. So it leaves a mark in its directory, and does not start there any more.
 */
import { utf8Bytes } from '../../base/bytes.js';
import { CairnError, isCairnError } from '../../base/errors.js';
import type { Runtime } from '../../runtime/runtime.js';
import { writeFileDurably } from '../../runtime/whole-file.js';

const markName = 'removed';

export async function markRemoved({ disk }: Runtime, directory: string, name: string): Promise<void> {
  await writeFileDurably(disk, directory, markName, utf8Bytes(`mon.${name} was removed from its cluster\n`));
}

/** Throws `CONFLICT` where `markRemoved` was. */
export async function refuseRemoved({ disk }: Runtime, directory: string, name: string): Promise<void> {
  try {
    await disk.stat(`${directory}/${markName}`);
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return;
    throw error;
  }
  throw new CairnError(
    'CONFLICT',
    `mon.${name} was removed from its cluster; to add it again, remove ${directory} and see \`cairn mon add --help\``,
    { details: { isRemoved: true } },
  );
}
