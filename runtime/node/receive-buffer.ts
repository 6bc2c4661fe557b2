/**
 * The memory that plain sockets receive into, one for all of a process: on Unix libuv asks for it, reads, and calls back without
 * anything in between, and a chunk is valid only during that call. A fresh buffer for each read, Node's way, costs four times as
 * much (docs/NODE-LIMITS.md 4), and V8 answers every 64 MiB of them with a major collection.
 */
import * as net from 'node:net';
import type { NodeConnection } from './connection.js';

/** What one read takes from a socket at most (docs/NODE-LIMITS.md 10). */
const receiveBytes = 65_536;

export class ReceiveBuffer {
  readonly #bytes = new Uint8Array(receiveBytes);

  /** For `net.connect`: what arrives goes to what `connection` returns. */
  onread(connection: () => NodeConnection | undefined): net.OnReadOpts {
    return {
      buffer: this.#bytes,
      callback: (count) => connection()?.deliver(this.#bytes.subarray(0, count)) ?? false,
    };
  }

  /**
   * `accepted`, which was paused before it read anything, as a socket that receives into this buffer. Node has that for sockets
   * that dial only, so the handle moves to a socket of our own; `undefined` where a version of Node does not let it.
   */
  adopt(accepted: net.Socket, connection: () => NodeConnection | undefined): net.Socket | undefined {
    const inner: { _handle?: unknown } = accepted as { _handle?: unknown };
    const handle = inner._handle;
    if (!takesBuffer(handle)) return undefined;
    inner._handle = null;
    const options = { handle, allowHalfOpen: true, onread: this.onread(connection) };
    const socket = new net.Socket(options);
    // Nothing is read before `start`.
    socket.pause();
    // The listener counts its connections by the sockets that it made.
    socket.once('close', () => accepted.destroy());
    return socket;
  }
}

function takesBuffer(handle: unknown): boolean {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle;
}
