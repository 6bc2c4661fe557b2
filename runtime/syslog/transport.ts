/** How one message after the other reaches a syslog server: over TCP or by datagrams. */
import { utf8Bytes } from '../../base/bytes.js';
import type { WaitOptions } from '../clock.js';
import type { Address, Connection, DatagramSocket, Network } from '../network.js';
import { truncateMessage } from './message.js';

export type SyslogProtocol = 'tcp' | 'udp';

/**
 * Bytes of a datagram at most, so that it crosses any network in one piece: RFC 5426 section 3.2 asks for no more than the
 * path's MTU, and 1,280 less the headers of IPv6 and UDP is what every IPv6 path has.
 */
const datagramMessageBytesMax = 1_232;

export interface SyslogTransport {
  /** False once the server is known to be gone: what is sent then is certain to be lost. */
  readonly isOpen: boolean;
  /** Resolves when the kernel has it. After a rejection the transport is useless: close it and open another. */
  send(message: Uint8Array): Promise<void>;
  /** Ends in good order; resolves when the server has ended as well, or after `destroy`. */
  close(): Promise<void>;
  /** At once, pending sends included. Idempotent. */
  destroy(): void;
}

/** Errors: those of `connect`. */
export async function openTransport(
  network: Network,
  protocol: SyslogProtocol,
  address: Address,
  wait: WaitOptions,
): Promise<SyslogTransport> {
  if (protocol === 'udp') return new DatagramTransport(network.openDatagrams(), address);
  return new StreamTransport(await network.connect(address, wait));
}

/** Octet counting (RFC 6587 section 3.4.1): a message may hold line feeds, and a reader finds each end without scanning. */
class StreamTransport implements SyslogTransport {
  readonly #connection: Connection;
  readonly #closed: Promise<void>;
  #isOpen = true;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#closed = new Promise((resolve) => {
      connection.start({
        // A server has nothing to say.
        onData: () => undefined,
        onEnd: () => {
          this.#isOpen = false;
          connection.end();
        },
        onClose: () => {
          this.#isOpen = false;
          resolve();
        },
      });
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async send(message: Uint8Array): Promise<void> {
    await this.#connection.send([utf8Bytes(`${message.byteLength} `), message]);
  }

  async close(): Promise<void> {
    this.#connection.end();
    await this.#closed;
  }

  destroy(): void {
    this.#connection.destroy();
  }
}

/** One message per datagram (RFC 5426 section 3.1); what has no room is cut. */
class DatagramTransport implements SyslogTransport {
  readonly isOpen = true;
  readonly #socket: DatagramSocket;
  readonly #address: Address;

  constructor(socket: DatagramSocket, address: Address) {
    this.#socket = socket;
    this.#address = address;
  }

  async send(message: Uint8Array): Promise<void> {
    await this.#socket.send(this.#address, truncateMessage(message, datagramMessageBytesMax));
  }

  async close(): Promise<void> {
    await this.#socket.close();
  }

  destroy(): void {
    void this.#socket.close();
  }
}
