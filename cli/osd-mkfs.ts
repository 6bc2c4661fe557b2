/** `cairn osd mkfs`: makes the data directory of an OSD. */
import type { Command } from 'commander';
import { LineCounter, parseDocument } from 'yaml';
import { CairnError } from '../base/errors.js';
import { parseBytes } from '../base/parse-bytes.js';
import type { OsdId } from '../cluster/ids.js';
import { mkfs } from '../osd/store/mkfs.js';
import { showUuid, type Superblock } from '../osd/store/format/superblock.js';
import { loadSettings } from '../runtime/config/load.js';
import { readSettingsFile } from '../runtime/config/settings-file.js';
import { yamlSettings } from '../runtime/config/yaml-settings.js';
import { keepFilesPrivate } from '../runtime/node/private-files.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { parseOsd } from './osd-arguments.js';
import { osdSettings } from './osd-settings.js';
import { storeDirectory } from './osd-store-directory.js';
import { printJson } from './print-json.js';

interface MkfsCommandOptions {
  readonly osd?: string;
  readonly size?: string;
  readonly segmentSize?: string;
  readonly fsid?: string;
  readonly json?: boolean;
}

export function addOsdMkfs(osd: Command, context: CliContext): void {
  osd
    .command('mkfs')
    .description(
      "Make an empty store in an OSD's data directory, named by --dir or in the settings file of --conf. An existing store is never overwritten.",
    )
    .option('--osd <osd>', 'which OSD the disk is for: osd.3 or 3 (default: as --conf says)')
    .option('--size <size>', 'capacity, fixed for good (default: the file system less 5 %)')
    .option('--segment-size <size>', 'of a segment, a power of two (default: 64MiB)')
    .option('--fsid <fsid>', 'of the cluster (default: told when the OSD first starts)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nOSDs that share a file system need a --size each, so that they do not count its space twice.\n' +
        '\nExamples:\n  cairn osd mkfs --conf /etc/cairn/osd.3.yaml\n  cairn osd mkfs --dir /var/lib/cairn/osd.3 --osd 3\n  cairn osd mkfs --dir /var/lib/cairn/osd.3 --osd 3 --size 200GiB --json',
    )
    .action(async (options: MkfsCommandOptions, command: Command) => {
      const { directory, id, fsid } = await place(options, command, context);
      const capacityBytes = options.size === undefined ? undefined : parseBytes(options.size);
      const segmentBytes = options.segmentSize === undefined ? undefined : parseBytes(options.segmentSize);
      if (fsid !== undefined && !/^[0-9a-f-]{1,64}$/.test(fsid)) {
        throw new CairnError('INVALID_ARGUMENT', `"${fsid.slice(0, 40)}" is no fsid; cairn fsid prints it`);
      }
      keepFilesPrivate();
      const superblock = await mkfs(context.runtime('cli'), directory, {
        osd: id,
        ...(fsid === undefined ? {} : { fsid }),
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

interface Place {
  readonly directory: string;
  readonly id: OsdId;
  readonly fsid: string | undefined;
}

/** What an option says counts; the rest is the settings file's. With --dir and --osd no file is looked at. */
async function place(options: MkfsCommandOptions, command: Command, context: CliContext): Promise<Place> {
  const { conf, dir } = command.optsWithGlobals<{ conf?: string; dir?: string }>();
  if (conf === undefined || (dir !== undefined && options.osd !== undefined)) {
    const directory = storeDirectory(command, context);
    if (options.osd !== undefined) return { directory, id: parseOsd(options.osd), fsid: options.fsid };
    throw new CairnError('INVALID_ARGUMENT', 'say which OSD the disk is for with --osd, or name its --conf FILE');
  }
  const { disk } = context.runtime('cli');
  // Of the environment nothing: CAIRN_DIRECTORY may be meant for the daemon that runs in this shell's unit.
  const file = await readSettingsFile(disk, context.absolute(conf), yamlSettings({ parseDocument, LineCounter }));
  const { settings } = loadSettings(osdSettings, { file, environment: {}, flags: {} });
  return {
    directory: dir === undefined ? settings.directory : context.absolute(dir),
    id: parseOsd(options.osd ?? settings.name),
    fsid: options.fsid ?? settings.fsid,
  };
}

export function superblockJson({ uuid, fsid, osd, capacityBytes, segmentBytes, segments }: Superblock) {
  return { uuid: showUuid(uuid), fsid, osd, capacity_bytes: capacityBytes, segment_bytes: segmentBytes, segments };
}
