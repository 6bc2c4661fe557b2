/** Certificates and keys from files, checked before anything listens or connects with them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CairnError, toCairnError } from '../../base/errors.js';
import { utf8Text } from '../../base/bytes.js';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import type { TlsOptions } from '../network.js';
import { readWholeFile } from '../whole-file.js';
import { commonNameIn, secureContext } from './tls.js';

/** PEM files: of the authority that signed the certificates of this cluster, of this end's certificate, of its key. */
export interface TlsPaths {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority's bundle has some hundred KiB. */
const fileBytesMax = 2 ** 20;

/**
 * `commonName`: whose certificate it must be, as peers will insist. Throws `INVALID_ARGUMENT` (or what reading throws) that
 * names the setting, the file, and what to do. The key is in no error.
 */
export async function readTls(
  { disk, clock }: { readonly disk: Disk; readonly clock: Pick<Clock, 'wall'> },
  paths: TlsPaths,
  commonName: string,
): Promise<TlsOptions> {
  const [ca, cert, key] = await Promise.all([
    read(disk, 'ca', paths),
    read(disk, 'cert', paths),
    read(disk, 'key', paths),
  ]);
  certificateIn(ca, `tls.ca: ${paths.ca}`);
  const certificate = certificateIn(cert, `tls.cert: ${paths.cert}`);
  if (!certificate.checkPrivateKey(keyIn(key, `tls.key: ${paths.key}`))) {
    throw invalid(
      `tls.key: ${paths.key} does not belong to the certificate ${paths.cert}; name the two that were made together`,
    );
  }
  const name = commonNameIn(certificate.subject);
  if (name !== commonName) {
    const whose = `tls.cert: ${paths.cert} is the certificate of "${name}"`;
    throw invalid(`${whose}; here one whose common name (CN) is ${commonName} is needed`);
  }
  if (Date.parse(certificate.validTo) < clock.wall()) {
    throw invalid(`tls.cert: ${paths.cert} has expired (${certificate.validTo}); have the authority sign another one`);
  }
  const options = { ca, cert, key };
  secureContext(options);
  return options;
}

async function read(disk: Disk, which: keyof TlsPaths, paths: TlsPaths): Promise<string> {
  try {
    return utf8Text(await readWholeFile(disk, paths[which], fileBytesMax));
  } catch (thrown) {
    const error = toCairnError(thrown);
    if (error.code === 'INTERNAL') throw invalid(`tls.${which}: ${paths[which]} is not PEM text`);
    throw new CairnError(error.code, `tls.${which}: ${error.message}`, { cause: error });
  }
}

function certificateIn(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw invalid(`${what} holds no certificate in PEM (BEGIN CERTIFICATE); name the file that does`);
  }
}

/** The library's error may quote the file: it is not kept. */
function keyIn(pem: string, what: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw invalid(`${what} holds no private key in PEM, or one with a passphrase; write it without one`);
  }
}

function invalid(message: string): CairnError {
  return new CairnError('INVALID_ARGUMENT', message);
}
