/** `cairn osd mkfs`: makes the data directory of an OSD. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { parseBytes } from '../base/parse-bytes.js';
import { mkfs } from '../osd/store/mkfs.js';
import { showUuid, type Superblock } from '../osd/store/format/superblock.js';
import { keepFilesPrivate } from '../runtime/node/private-files.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { parseOsd } from './osd-arguments.js';
import { storeDirectory } from './osd-store-directory.js';
import { printJson } from './print-json.js';

interface MkfsCommandOptions {
  readonly osd: string;
  readonly size?: string;
  readonly segmentSize?: string;
  readonly fsid?: string;
  readonly json?: boolean;
}

export function addOsdMkfs(osd: Command, context: CliContext): void {
  osd
    .command('mkfs')
    .description(
      "Make an empty store in an OSD's data directory, named by --dir. An existing store is never overwritten.",
    )
    .requiredOption('--osd <osd>', 'which OSD the disk is for: osd.3 or 3')
    .option('--size <size>', 'capacity, fixed for good (default: the file system less 5 %)')
    .option('--segment-size <size>', 'of a segment, a power of two (default: 64MiB)')
    .option('--fsid <fsid>', 'of the cluster (default: told when the OSD first starts)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nOSDs that share a file system need a --size each, so that they do not count its space twice.\n' +
        '\nExamples:\n  cairn osd mkfs --dir /var/lib/cairn/osd.3 --osd 3\n  cairn osd mkfs --dir /var/lib/cairn/osd.3 --osd 3 --size 200GiB --json',
    )
    .action(async (options: MkfsCommandOptions, command: Command) => {
      const directory = storeDirectory(command, context);
      const id = parseOsd(options.osd);
      const capacityBytes = options.size === undefined ? undefined : parseBytes(options.size);
      const segmentBytes = options.segmentSize === undefined ? undefined : parseBytes(options.segmentSize);
      if (options.fsid !== undefined && !/^[0-9a-f-]{1,64}$/.test(options.fsid)) {
        throw new CairnError('INVALID_ARGUMENT', `"${options.fsid.slice(0, 40)}" is no fsid; cairn fsid prints it`);
      }
      keepFilesPrivate();
      const superblock = await mkfs(context.runtime('cli'), directory, {
        osd: id,
        ...(options.fsid === undefined ? {} : { fsid: options.fsid }),
        ...(capacityBytes === undefined ? {} : { capacityBytes }),
        ...(segmentBytes === undefined ? {} : { segmentBytes }),
      });
      if (options.json === true) printJson(context, superblockJson(superblock));
      else
        context.print(
          `made store ${showUuid(superblock.uuid)} of ${bytesText(superblock.capacityBytes)} for osd.${id}\n`,
        );
    });
}

export function superblockJson({ uuid, fsid, osd, capacityBytes, segmentBytes, segments }: Superblock) {
  return { uuid: showUuid(uuid), fsid, osd, capacity_bytes: capacityBytes, segment_bytes: segmentBytes, segments };
}
