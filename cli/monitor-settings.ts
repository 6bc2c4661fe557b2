/** The settings of a monitor (`cairn monitor run`): what it needs before it has a map. */
import { stringify } from 'yaml';
import { utf8Bytes } from '../base/bytes.js';
import type { NodeAddress } from '../cluster/osd.js';
import { printAddress } from '../protocol/address-text.js';
import { type Credentials, keyText } from '../protocol/credentials.js';
import type { OptionTable } from '../runtime/config/option.js';
import type { TlsPaths } from '../runtime/node/tls-files.js';
import { tlsSettings } from './tls-choice.js';

export const monitorSettings = {
  name: { type: 'string', required: true, description: 'Which monitor this is: "a" for mon.a.' },
  directory: { type: 'string', required: true, description: 'Where it keeps its data; its own.' },
  address: { type: 'address', required: true, description: 'Where it listens, and what it tells the others.' },
  'admin-address': { type: 'address', description: 'Where it serves /metrics, /healthz and /readyz.' },
  fsid: { type: 'string', required: true, description: 'The cluster that it belongs to, 32 hex digits.' },
  key: { type: 'string', required: true, description: 'Its own key, 32 bytes in base64. Keep the file private.' },
  monitors: {
    type: 'list',
    required: true,
    description: 'Monitors to ask for a place when the directory is empty. The monitor keeps the list up to date.',
  },
  ...tlsSettings,
  'log-level': {
    type: 'string',
    oneOf: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    description: 'The least important kind of line that it logs.',
  },
} as const satisfies OptionTable;

export interface MonitorFile {
  readonly name: string;
  readonly directory: string;
  readonly address: NodeAddress;
  readonly adminAddress: NodeAddress | undefined;
  readonly credentials: Credentials;
  /** As they are to be written. */
  readonly tls?: TlsPaths | undefined;
  readonly logLevel?: string | undefined;
}

/** The file that `cairn monitor run --conf` reads. */
export function encodeMonitorFile(file: MonitorFile): Uint8Array {
  const { name, directory, address, adminAddress, credentials, tls, logLevel } = file;
  const fields = {
    name,
    directory,
    address: printAddress(address),
    ...(adminAddress === undefined ? {} : { 'admin-address': printAddress(adminAddress) }),
    fsid: credentials.fsid,
    key: keyText(credentials.key),
    monitors: credentials.monitors.map((monitor) => printAddress(monitor)),
    ...(tls === undefined ? {} : { tls: { ca: tls.ca, cert: tls.cert, key: tls.key } }),
    ...(logLevel === undefined ? {} : { 'log-level': logLevel }),
  };
  const head = `# cairn: mon.${name} of cluster ${credentials.fsid}. Keep it private, and off the disk of its data: with it a\n# monitor that lost its disk finds its way back.\n`;
  // A line is never folded: the key stays one word.
  return utf8Bytes(`${head}${stringify(fields, { lineWidth: 0 })}`);
}
