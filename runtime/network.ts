/**
 * Stream connections: TCP, or TLS over TCP. Bytes arrive in order, once, or not at all; a connection that breaks
 * may have delivered any prefix of what was sent. And datagrams (UDP), sent only, for logs: each arrives or does not.
 */
import type { CairnError } from '../base/errors.js';
import type { WaitOptions } from './clock.js';

/** `host` is an IP address or a name to resolve; `port` 0 in `listen` picks a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** PEM texts. With `ca`, the other end must present a certificate signed by it: mutual TLS when both ends have one. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** Client only: the name expected in the server's certificate; default the host connected to. */
  readonly serverName?: string;
}

/** The verified certificate of the other end. */
export interface TlsPeer {
  readonly commonName: string;
  /** With their kinds: `DNS:mon.example`, `IP Address:10.0.0.1`. */
  readonly subjectAltNames: readonly string[];
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
}

export interface ConnectOptions extends WaitOptions {
  readonly tls?: TlsOptions | undefined;
}

export interface ListenOptions {
  readonly tls?: TlsOptions | undefined;
  /** Connections accepted and not yet closed; further ones are closed at once. Default 10,000. */
  readonly connectionsMax?: number;
  /** How long a TLS handshake may take before the connection is dropped. Default 10,000. */
  readonly tlsHandshakeMs?: number;
}

export interface ConnectionHandlers {
  /** `viewChunk` is valid only during the call: its memory is reused (and overwritten in simulation). Never a Buffer. */
  onData(viewChunk: Uint8Array): void;
  /** The other end will send nothing more. This end may go on sending until it calls `end`. */
  onEnd(): void;
  /** Called exactly once, last, whoever closed; `error` says why unless both ends ended in good order. */
  onClose(error: CairnError | undefined): void;
}

export interface Connection {
  readonly local: Address;
  readonly remote: Address;
  /** Present exactly when the connection is encrypted and its peer's certificate was verified. */
  readonly tlsPeer: TlsPeer | undefined;

  /** Starts delivery; called exactly once, in the turn that obtained the connection. */
  start(handlers: ConnectionHandlers): void;
  /**
   * Sends the chunks in order after all earlier ones, as one vectored write. They are lent until the promise settles:
   * it resolves when the kernel has taken the last byte (not when the peer has it), and rejects with `CONNECTION_LOST`
   * (or `CLOSED` after `end` or `destroy`). A slow reader thus holds the promise back; callers bound what they have
   * outstanding.
   */
  send(chunks: readonly Uint8Array[]): Promise<void>;
  /** Stops calling `onData` soon; a little more may still arrive. TCP's window then holds the sender. */
  pause(): void;
  resume(): void;
  /** Sends the end of the stream after everything sent so far. The connection closes when both ends have ended. */
  end(): void;
  /**
   * Drops the connection at once. Bytes that the peer has not received yet may be lost, those of settled sends too: the
   * peer sees a reset, so that it never takes this for an orderly end. Idempotent; `onClose` gets `CLOSED`.
   */
  destroy(): void;
}

export interface Listener {
  /** With the real port. */
  readonly address: Address;
  /** Stops accepting; accepted connections live on. Idempotent. */
  close(): Promise<void>;
}

/** What one datagram holds at most: 65,535 bytes less the headers of IPv4 and UDP. */
export const datagramBytesMax = 65_507;

export interface DatagramSocket {
  /**
   * Sends one datagram of at most `datagramBytesMax` bytes, lent until the promise settles. It resolves when the kernel
   * has taken it; whether it arrives, once, whole and in order is not known to anyone. Errors: `UNREACHABLE` (no route,
   * no such host), `INVALID_ARGUMENT` (too large, no such port), `CLOSED`, `OVERLOADED`.
   */
  send(address: Address, bytes: Uint8Array): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface Network {
  /**
   * Opens a connection (TLS handshake included). Errors: `CONNECTION_REFUSED`, `UNREACHABLE`, `CONNECTION_LOST`,
   * `AUTHENTICATION_FAILED` (TLS: either end's certificate was not accepted), `DEADLINE_EXCEEDED`, `CANCELLED`,
   * `INVALID_ARGUMENT` (no such port, unreadable certificates). A loser of that race is destroyed, not leaked.
   */
  connect(address: Address, options?: ConnectOptions): Promise<Connection>;
  /** Errors: `ADDRESS_IN_USE`, `PERMISSION_DENIED`, `UNREACHABLE`, `INVALID_ARGUMENT` (unreadable certificates). */
  listen(address: Address, options: ListenOptions, onConnection: (connection: Connection) => void): Promise<Listener>;
  /** A socket for sending to any address, of either family. */
  openDatagrams(): DatagramSocket;
}
