/** The settings of an OSD (`cairn osd run`): what it needs before it has a map. */
import { stringify } from 'yaml';
import { utf8Bytes } from '../base/bytes.js';
import type { NodeAddress } from '../cluster/osd.js';
import { printAddress } from '../protocol/address-text.js';
import { type Credentials, keyText } from '../protocol/credentials.js';
import type { OptionTable } from '../runtime/config/option.js';
import type { TlsPaths } from '../runtime/node/tls-files.js';
import { tlsSettings } from './tls-choice.js';

/** What `cairn auth get osd.3 -o FILE` writes is the beginning of such a file. */
export const osdSettings = {
  version: { type: 'int', min: 1, max: 1, default: '1', description: 'Of the format of the settings file.' },
  name: { type: 'string', required: true, description: 'Which OSD this is, such as osd.3.' },
  directory: { type: 'path', required: true, description: 'Its disk, made by `cairn osd mkfs`.' },
  'public-address': {
    type: 'address',
    required: true,
    description: 'Where it listens for clients, and what it tells them.',
  },
  'cluster-address': {
    type: 'address',
    description: 'Where it listens for other OSDs, on a network of their own if there is one. Default: public-address.',
  },
  'admin-address': { type: 'address', description: 'Where it serves /metrics, /healthz and /readyz.' },
  location: {
    type: 'list',
    description:
      'Where a new OSD stands in CRUSH, as host=a and rack=b; an OSD that has a place keeps it. Default: its machine.',
  },
  'device-class': { type: 'string', description: 'Of a new OSD, such as ssd: rules can choose by it.' },
  fsid: { type: 'string', required: true, description: 'The cluster that it belongs to, 32 hex digits.' },
  key: { type: 'string', required: true, description: 'Its own key, 32 bytes in base64. Keep the file private.' },
  monitors: { type: 'list', required: true, description: 'Monitors to ask first; the map has the others.' },
  ...tlsSettings,
  'log-level': {
    type: 'string',
    oneOf: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    description: 'The least important kind of line that it logs.',
  },
} as const satisfies OptionTable;

export interface OsdFile {
  readonly directory: string;
  readonly publicAddress: NodeAddress;
  readonly clusterAddress?: NodeAddress | undefined;
  readonly adminAddress?: NodeAddress | undefined;
  readonly location?: readonly string[] | undefined;
  readonly deviceClass?: string | undefined;
  /** Of `osd.3`. */
  readonly credentials: Credentials;
  /** As they are to be written. */
  readonly tls?: TlsPaths | undefined;
}

/** The file that `cairn osd run --conf` and `cairn osd mkfs --conf` read. */
export function encodeOsdFile(file: OsdFile): Uint8Array {
  const { directory, publicAddress, clusterAddress, adminAddress, location, deviceClass, credentials, tls } = file;
  const { name, fsid, key, monitors } = credentials;
  const fields = {
    version: 1,
    name,
    directory,
    'public-address': printAddress(publicAddress),
    ...(clusterAddress === undefined ? {} : { 'cluster-address': printAddress(clusterAddress) }),
    ...(adminAddress === undefined ? {} : { 'admin-address': printAddress(adminAddress) }),
    ...(location === undefined || location.length === 0 ? {} : { location: [...location] }),
    ...(deviceClass === undefined ? {} : { 'device-class': deviceClass }),
    fsid,
    key: keyText(key),
    monitors: monitors.map((monitor) => printAddress(monitor)),
    ...(tls === undefined ? {} : { tls: { ca: tls.ca, cert: tls.cert, key: tls.key } }),
  };
  const head = `# cairn: ${name} of cluster ${fsid}. Keep it private: it holds a key.\n`;
  // A line is never folded: the key stays one word.
  return utf8Bytes(`${head}${stringify(fields, { lineWidth: 0 })}`);
}
