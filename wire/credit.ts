import { CairnError } from '../base/errors.js';
import { levelCount } from './limits.js';

/**
 * How much one end may still send, or the other still has to take, on one level: messages and bytes. Both ends keep the
 * same account: the sender takes before it sends, the receiver before it allocates.
 */
export class CreditWindow {
  readonly messagesMax: number;
  readonly bytesMax: number;
  #messages = 0;
  #bytes = 0;

  constructor(options: { readonly messages: number; readonly bytes: number }) {
    this.messagesMax = options.messages;
    this.bytesMax = options.bytes;
  }

  /** Messages that are out. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes that are out. */
  get bytes(): number {
    return this.#bytes;
  }

  /** False, and nothing taken, when one more message of `bytes` does not fit. */
  take(bytes: number): boolean {
    if (this.#messages >= this.messagesMax || this.#bytes + bytes > this.bytesMax) return false;
    this.#messages++;
    this.#bytes += bytes;
    return true;
  }

  /** Throws `PROTOCOL_ERROR` when more comes back than was out. */
  give(messages: number, bytes: number): void {
    if (messages > this.#messages || bytes > this.#bytes) {
      throw new CairnError('PROTOCOL_ERROR', 'the peer returned more credit than it was owed');
    }
    this.#messages -= messages;
    this.#bytes -= bytes;
  }
}

/** One window per level, so that a handler's own calls never wait for credit that its caller holds. */
export function creditWindows(options: { readonly messages: number; readonly bytes: number }): readonly CreditWindow[] {
  return Array.from({ length: levelCount }, () => new CreditWindow(options));
}
