/**
 * Mutual TLS 1.3: certificates in, verified peers out.
 *
 * In TLS 1.3 the client is done before the server has looked at the client's certificate, so a refusal would appear as
 * a broken connection some time after `connect` succeeded. A server that accepts the client next sends it session
 * tickets: the client waits for the first of them, so that `connect` tells the truth.
 */
import { isIP } from 'node:net';
import * as tls from 'node:tls';
import { CairnError, isCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { Address, TlsOptions, TlsPeer } from '../network.js';
import { showAddress } from './address.js';
import { errnoOf, fromErrno, isKnownErrno } from './errno.js';

/** Parsing certificates and keys takes about a millisecond; a daemon has one `TlsOptions` and many connections. */
const contexts = new WeakMap<TlsOptions, tls.SecureContext>();

/** `INVALID_ARGUMENT` when a certificate or key cannot be read, or they do not belong together. */
export function secureContext(options: TlsOptions): tls.SecureContext {
  const known = contexts.get(options);
  if (known !== undefined) return known;
  const { cert, key, ca } = options;
  try {
    const context = tls.createSecureContext({ cert, key, ca, minVersion: 'TLSv1.3' });
    contexts.set(options, context);
    return context;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = 'check that cert, key and ca are PEM texts and that the key belongs to the certificate';
    throw new CairnError('INVALID_ARGUMENT', `unreadable TLS options (${reason}); ${advice}`, { cause: error });
  }
}

/** What `tls.connect` needs to hold the server to its name. An IP address is no server name in TLS: it is only checked. */
export function clientOptions(options: TlsOptions, host: string): tls.ConnectionOptions {
  const expected = options.serverName ?? host;
  return {
    secureContext: secureContext(options),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    ...(isIP(expected) === 0 ? { servername: expected } : {}),
    checkServerIdentity: (_name, certificate) => tls.checkServerIdentity(expected, certificate),
  };
}

/** The peer whose certificate was verified during the handshake. */
export function tlsPeerOf(socket: tls.TLSSocket): TlsPeer {
  invariant(socket.authorized, 'a TLS peer is verified before it is used');
  const certificate = socket.getPeerX509Certificate();
  invariant(certificate !== undefined, 'a verified peer has a certificate');
  return {
    commonName: commonNameIn(certificate.subject),
    subjectAltNames: splitAltNames(certificate.subjectAltName ?? ''),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** Why a TLS handshake with `address` failed. */
export function handshakeError(address: Address, error: unknown): CairnError {
  if (isCertificateAlert(error)) return refusedByPeer(address, error);
  const doing = `TLS handshake with ${showAddress(address)} failed`;
  if (isCairnError(error)) return new CairnError(error.code, `${doing}: ${error.message}`);
  if (isKnownErrno(errnoOf(error))) {
    const { code, message, details } = fromErrno(error, doing, 'CONNECTION_LOST');
    return new CairnError(code, `${message}; check that it uses TLS`, { cause: error, details });
  }
  const reason = reasonOf(error);
  const advice = 'check that it speaks TLS, and that its certificate is valid, names that host and comes from our CA';
  const details = { reason: errnoOf(error) };
  return new CairnError('AUTHENTICATION_FAILED', `${doing}: ${reason}; ${advice}`, { cause: error, details });
}

/** The peer closed, or sent an alert, on seeing this end's certificate. */
export function refusedByPeer(address: Address, cause: unknown): CairnError {
  const message =
    `${showAddress(address)} did not accept the TLS certificate of this end; ` +
    'check that it has not expired and comes from the CA that the peer trusts';
  return new CairnError('AUTHENTICATION_FAILED', message, { cause });
}

/** True for the alerts by which a TLS peer says that it does not like a certificate, or the lack of one. */
export function isCertificateAlert(error: unknown): boolean {
  const code = errnoOf(error);
  return code !== undefined && /^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)/.test(code);
}

/** OpenSSL's messages are for its authors; it also gives the reason alone ("wrong version number"). */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
}

export function commonNameIn(subject: string): string {
  for (const line of subject.split('\n')) {
    if (line.startsWith('CN=')) return line.slice('CN='.length);
  }
  return '';
}

/** `DNS:a, IP Address:1.2.3.4` to its parts; Node quotes (as JSON) a name that holds a comma or a quote. */
function splitAltNames(text: string): string[] {
  return text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g)?.map((name) => name.trim()) ?? [];
}
