import { entryBytes } from '../raft/codec/entry-codec.js';
import type { RaftMessage } from '../raft/types.js';
import { inboundBytesMax, inboundMessagesMax } from './options.js';

/** Messages that wait for their turn. Full, it drops the oldest: to Raft that is a lost message, and the newer tell more. */
export class Inbox {
  /** In order; taken from `#next` on. */
  #messages: { readonly message: RaftMessage; readonly bytes: number }[] = [];
  #next = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#next === this.#messages.length;
  }

  /** Returns how many messages were dropped for it. */
  add(message: RaftMessage): number {
    const bytes = bytesOf(message);
    this.#messages.push({ message, bytes });
    this.#bytes += bytes;
    let dropped = 0;
    while (this.#count > 1 && (this.#count > inboundMessagesMax || this.#bytes > inboundBytesMax)) {
      this.take();
      dropped += 1;
    }
    return dropped;
  }

  /** The oldest one. */
  take(): RaftMessage | undefined {
    const first = this.#messages[this.#next];
    if (first === undefined) return undefined;
    this.#next += 1;
    this.#bytes -= first.bytes;
    if (this.#next === this.#messages.length) {
      this.#messages = [];
      this.#next = 0;
    } else if (this.#next > inboundMessagesMax) {
      this.#messages = this.#messages.slice(this.#next);
      this.#next = 0;
    }
    return first.message;
  }

  get #count(): number {
    return this.#messages.length - this.#next;
  }
}

function bytesOf(message: RaftMessage): number {
  if (message.kind === 'snapshot-chunk') return 256 + message.data.byteLength;
  if (message.kind !== 'append') return 128;
  return message.entries.reduce((sum, entry) => sum + entryBytes(entry), 128);
}
