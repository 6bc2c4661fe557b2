/** Keys of cephx, and the file that daemons and clients find theirs in. */
import { randomBytes } from 'node:crypto';

export interface CephEntity {
  /** `mon.`, `osd.0`, `client.admin`. */
  readonly name: string;
  readonly key: string;
  /** By service: what it may do there. */
  readonly caps: Readonly<Record<string, string>>;
}

const secretBytes = 16;
/** AES, of the types of keys the only one that is used. */
const aesType = 1;

/** As `ceph-authtool --gen-print-key` prints one: type, seconds and nanoseconds of its making (here 0), length, secret; little-endian, base64. */
export function newCephKey(): string {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(aesType, 0);
  head.writeUInt16LE(secretBytes, 10);
  return Buffer.concat([head, randomBytes(secretBytes)]).toString('base64');
}

export function keyringText(entities: readonly CephEntity[]): string {
  return entities
    .map(({ name, key, caps }) => {
      const lines = Object.entries(caps).map(([service, cap]) => `\tcaps ${service} = "${cap}"\n`);
      return `[${name}]\n\tkey = ${key}\n${lines.join('')}`;
    })
    .join('');
}

/** Of one monitor, one manager `x`, so many OSDs, and the administrator, as Ceph's manual of a manual deployment has them. */
export function clusterEntities(osds: number): CephEntity[] {
  const all = { mon: 'allow *', mgr: 'allow *', osd: 'allow *' };
  const caps: Record<string, CephEntity['caps']> = {
    'mon.': { mon: 'allow *' },
    'client.admin': all,
    'mgr.x': { mon: 'allow profile mgr', osd: 'allow *' },
  };
  for (let id = 0; id < osds; id += 1) {
    caps[`osd.${id}`] = { mon: 'allow profile osd', mgr: 'allow profile osd', osd: 'allow *' };
  }
  return Object.entries(caps).map(([name, of]) => ({ name, key: newCephKey(), caps: of }));
}
