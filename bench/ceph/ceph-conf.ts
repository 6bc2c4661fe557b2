/** The settings of a Ceph that is thrown away: where its files are, and what differs from the defaults. */

export interface CephConfOptions {
  /** Everything that it writes is below. */
  readonly directory: string;
  readonly fsid: string;
  /** Of the monitor, on the loopback. */
  readonly port: number;
  readonly osdMemoryBytes: number;
  /** Of the file that an OSD has as its disk. */
  readonly osdBytes: number;
  /** More of them, by name; they come last. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * `ceph.conf`. Beside paths and addresses only this is set: the memory of an OSD and the size of its file, copies on OSDs of one host
 * (there is only one), and that the number of PGs stays as it is. Authentication, checksums of messages, caches, logs of
 * debugging and the rest are as Debian's packages have them.
 */
export function cephConf({ directory, fsid, port, osdMemoryBytes, osdBytes, settings }: CephConfOptions): string {
  const all: Readonly<Record<string, string | number>> = {
    fsid,
    'mon host': `v2:127.0.0.1:${port}`,
    keyring: `${directory}/keyring`,
    'run dir': `${directory}/run`,
    'crash dir': `${directory}/crash`,
    'log file': `${directory}/log/$name.log`,
    'mon cluster log file': `${directory}/log/cluster.log`,
    'admin socket': '',
    'mon data': `${directory}/$name`,
    'mgr data': `${directory}/$name`,
    'osd data': `${directory}/$name`,
    'osd crush chooseleaf type': 0,
    'osd pool default pg autoscale mode': 'off',
    'osd memory target': osdMemoryBytes,
    'bluestore block size': osdBytes,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
  return `[global]\n${lines.join('')}\n[mgr]\npublic addr = 127.0.0.1\n\n[osd]\npublic addr = 127.0.0.1\ncluster addr = 127.0.0.1\n`;
}

/** `name=value,name=value`, as the command line has them. */
export function parseCephSettings(text: string): Record<string, string> {
  const pairs = text.split(',').filter((part) => part.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new Error(`'${pair}' is not NAME=VALUE`);
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}
