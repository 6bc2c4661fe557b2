import { entryBytes } from '../raft/codec/entry-codec.js';
import type { RaftMessage } from '../raft/types.js';
import { inboundBytesMax, inboundMessagesMax } from './options.js';

/** Messages that wait for their turn. Full, it drops the oldest: to Raft that is a lost message, and the newer tell more. */
export class Inbox {
  #messages: { readonly message: RaftMessage; readonly bytes: number }[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Returns how many messages were dropped for it. */
  add(message: RaftMessage): number {
    const bytes = bytesOf(message);
    this.#messages.push({ message, bytes });
    this.#bytes += bytes;
    let dropped = 0;
    while (this.#messages.length - dropped > inboundMessagesMax || this.#bytes > inboundBytesMax) {
      const oldest = this.#messages[dropped];
      if (oldest === undefined || this.#messages.length - dropped === 1) break;
      this.#bytes -= oldest.bytes;
      dropped += 1;
    }
    if (dropped > 0) this.#messages = this.#messages.slice(dropped);
    return dropped;
  }

  /** The oldest ones, at most so many. */
  take(count: number): readonly RaftMessage[] {
    const taken = this.#messages.slice(0, count);
    this.#messages = this.#messages.slice(count);
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken.map(({ message }) => message);
  }
}

function bytesOf(message: RaftMessage): number {
  if (message.kind === 'snapshot-chunk') return 256 + message.data.byteLength;
  if (message.kind !== 'append') return 128;
  return message.entries.reduce((sum, entry) => sum + entryBytes(entry), 128);
}
