/**
 * Which certificate and key a command or a daemon uses for TLS: `tls:` in its settings file, over that `CAIRN_TLS_*`, over
 * that `--tls-*`. Paths in a file are meant from that file's directory.
 */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import type { OptionTable } from '../runtime/config/option.js';
import type { TlsPaths } from '../runtime/node/tls-files.js';

/** What was said in one place: maybe only the key. */
export type SomeTlsPaths = { readonly [Part in keyof TlsPaths]?: string | undefined };

const descriptions = {
  ca: 'PEM file of the authority that signed the certificates of this cluster. With it TLS is used.',
  cert: 'PEM file of the certificate of this end: its common name is the name of whoever uses it, such as mon.a.',
  key: 'PEM file of the private key of that certificate, without a passphrase.',
} as const;

/** Of a daemon; as options they are those of the whole program (`addTlsOptions`). */
export const tlsSettings = {
  'tls-ca': { type: 'path', description: descriptions.ca },
  'tls-cert': { type: 'path', description: descriptions.cert },
  'tls-key': { type: 'path', description: descriptions.key },
} as const satisfies OptionTable;

/** Options of the whole program, as `--conf` is. */
export function addTlsOptions(program: Command): void {
  program
    .option('--tls-ca <file>', 'PEM file of the authority of the cluster, for TLS (default: CAIRN_TLS_CA)')
    .option('--tls-cert <file>', 'PEM file of your certificate, for TLS (default: CAIRN_TLS_CERT)')
    .option('--tls-key <file>', 'PEM file of the key of your certificate, for TLS (default: CAIRN_TLS_KEY)');
}

/** As given on the command line. */
export function tlsFlags(
  command: Command,
  { absolute }: { readonly absolute: (path: string) => string },
): SomeTlsPaths {
  const { tlsCa, tlsCert, tlsKey } = command.optsWithGlobals<{ tlsCa?: string; tlsCert?: string; tlsKey?: string }>();
  const path = (given: string | undefined): string | undefined => (given === undefined ? undefined : absolute(given));
  return { ca: path(tlsCa), cert: path(tlsCert), key: path(tlsKey) };
}

export function tlsOfEnvironment(env: Readonly<Record<string, string | undefined>>): SomeTlsPaths {
  const { CAIRN_TLS_CA: ca, CAIRN_TLS_CERT: cert, CAIRN_TLS_KEY: key } = env;
  return { ca, cert, key };
}

/** The first that says something counts, for each of the three. `undefined` without any: then there is no TLS. */
export function wholeTls(...places: readonly SomeTlsPaths[]): TlsPaths | undefined {
  const first = (part: keyof TlsPaths): string | undefined =>
    places.map((place) => place[part]).find((path) => path !== undefined);
  const [ca, cert, key] = [first('ca'), first('cert'), first('key')];
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key };
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  const missing = Object.entries({ ca, cert, key }).flatMap(([part, path]) => (path === undefined ? [part] : []));
  const given = Object.entries({ ca, cert, key }).flatMap(([part, path]) => (path === undefined ? [] : [part]));
  throw new CairnError(
    'INVALID_ARGUMENT',
    `TLS needs ca, cert and key, and has only ${given.join(' and ')}: name ${missing.join(' and ')} too, under tls: in the ` +
      `settings file or with ${missing.map((part) => `--tls-${part}`).join(' and ')}`,
  );
}
