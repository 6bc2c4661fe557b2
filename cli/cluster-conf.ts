/**
 * The file that `--conf` names: which cluster, where its monitors are, who we are and our key. YAML, since people edit
 * the monitors:
 *
 *     # cairn: client.backup of cluster 5f0c...
 *     version: 1
 *     fsid: 5f0c...
 *     monitors:
 *       - 10.0.0.1:7000
 *     name: client.backup
 *     key: 32 bytes in base64
 *     tls:                            with a cluster that uses TLS; paths are meant from this file's directory
 *       ca: ca.pem
 *       cert: client.backup-cert.pem  common name client.backup
 *       key: client.backup-key.pem
 */
import { parseDocument, stringify } from 'yaml';
import * as z from 'zod/mini';
import { utf8Bytes, utf8Text } from '../base/bytes.js';
import { CairnError, isCairnError } from '../base/errors.js';
import { printAddress } from '../protocol/address-text.js';
import { type Credentials, credentialsOf, keyText, storedCredentials } from '../protocol/credentials.js';
import { parseWith } from '../protocol/schema.js';
import { pathBeside, writtenBeside } from '../runtime/config/path-beside.js';
import type { TlsPaths } from '../runtime/node/tls-files.js';
import type { CliContext } from './context.js';

/** A hundred times what 64 monitors take. */
const confBytesMax = 2 * 1024 * 1024;

const confVersion = z.object({ version: z.number() });
const filePath = z.string().check(z.minLength(1), z.maxLength(4096));
const tlsFields = z.strictObject({ ca: filePath, cert: filePath, key: filePath });
const confFields = z.strictObject({ version: z.literal(1), ...storedCredentials, tls: z.optional(tlsFields) });

export interface ClusterConf extends Credentials {
  /** As written in the file. */
  readonly tls?: TlsPaths | undefined;
}

export function encodeClusterConf(conf: ClusterConf): Uint8Array {
  const { fsid, name, key, monitors, tls } = conf;
  const fields = {
    version: 1,
    fsid,
    monitors: monitors.map((address) => printAddress(address)),
    name,
    key: keyText(key),
    ...(tls === undefined ? {} : { tls: { ca: tls.ca, cert: tls.cert, key: tls.key } }),
  };
  // A line is never folded: the key stays one word.
  return utf8Bytes(
    `# cairn: ${name} of cluster ${fsid}. Keep it private: it holds a key.\n${stringify(fields, { lineWidth: 0 })}`,
  );
}

/** Errors: those of `readFile`; `PARSE_ERROR` and `VERSION_MISMATCH` with the file's name. None quotes the key. */
export async function readClusterConf(context: Pick<CliContext, 'readFile'>, path: string): Promise<ClusterConf> {
  return decodeClusterConf(await context.readFile(path, confBytesMax), path);
}

export function decodeClusterConf(bytes: Uint8Array, path: string): ClusterConf {
  const fields = parseYaml(bytes, path);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new CairnError(
      'PARSE_ERROR',
      `${path} is no configuration of a cluster; name a file that \`cairn auth get NAME -o FILE\` wrote`,
    );
  }
  const version = z.safeParse(confVersion, fields);
  if (version.success && version.data.version !== 1) {
    throw new CairnError(
      'VERSION_MISMATCH',
      `${path} has version ${version.data.version}, this program knows 1; install the version that the cluster runs`,
    );
  }
  try {
    const stored = parseWith(confFields, fields, path);
    const credentials = credentialsOf(stored);
    return stored.tls === undefined ? credentials : { ...credentials, tls: stored.tls };
  } catch (error) {
    if (!isCairnError(error)) throw error;
    throw new CairnError('PARSE_ERROR', `${error.message}; write it anew with \`cairn auth get NAME -o FILE\``);
  }
}

/** Paths written in the file at `path`, as they are to this process. */
export function tlsBeside(path: string, { ca, cert, key }: TlsPaths): TlsPaths {
  return { ca: pathBeside(path, ca), cert: pathBeside(path, cert), key: pathBeside(path, key) };
}

/** Absolute paths as they are written into the file at `path`: the other way round. */
export function tlsIn(path: string, tls: TlsPaths | undefined): TlsPaths | undefined {
  if (tls === undefined) return undefined;
  const { ca, cert, key } = tls;
  return { ca: writtenBeside(path, ca), cert: writtenBeside(path, cert), key: writtenBeside(path, key) };
}

function parseYaml(bytes: Uint8Array, path: string): unknown {
  // Neither of the two errors of the libraries is kept as a cause: both quote the line, which may be the key's.
  const document = parseDocument(decodeText(bytes, path), { prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new CairnError(
      'PARSE_ERROR',
      `${path} is no YAML at byte ${error.pos[0]} (${error.code}); see \`cairn auth get --help\``,
    );
  }
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new CairnError('PARSE_ERROR', `${path} has an alias (*name), which has no place here; write the value out`);
  }
}

function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return utf8Text(bytes);
  } catch {
    throw new CairnError('PARSE_ERROR', `${path} is not text in UTF-8; name a file that \`cairn auth get -o\` wrote`);
  }
}
