/** A batch of a simulated key-value store that is filled bit by bit. */
import { CairnError } from '../../base/errors.js';
import type { KvBatchBuilder, KvBatchOptions, KvKey } from '../kv.js';
import { sealValue } from '../kv-seal.js';
import type { LoggedOperation } from './kv-content.js';
import { checkStoredKey } from './sim-kv-reader.js';

/** The open store that the batch is for. */
export interface BuilderHost {
  checkOpen(): void;
  /** Rejects at once, with the batch as it was, or settles as the batch does. */
  writeAlone(operations: readonly LoggedOperation[], sync: boolean, onAccepted: () => void): Promise<void>;
}

export class SimKvBatchBuilder implements KvBatchBuilder {
  readonly #host: BuilderHost;
  #logged: LoggedOperation[] = [];
  #operations = 0;
  #bytes = 0;
  #isOpen = true;

  constructor(host: BuilderHost) {
    this.#host = host;
  }

  get operations(): number {
    return this.#operations;
  }

  get bytes(): number {
    return this.#bytes;
  }

  put(key: KvKey, value: Uint8Array): void {
    this.#checkOpen();
    checkStoredKey(key);
    this.#add(key, sealValue(key, value), value.byteLength);
  }

  delete(key: KvKey): void {
    this.#checkOpen();
    checkStoredKey(key);
    this.#add(key, undefined, 0);
  }

  async write(options: KvBatchOptions): Promise<void> {
    this.#checkOpen();
    await this.#host.writeAlone(this.#logged, options.sync, () => this.#end());
  }

  async close(): Promise<void> {
    this.#end();
  }

  #add(key: KvKey, value: Uint8Array | undefined, valueBytes: number): void {
    this.#logged.push({ key, value });
    this.#operations += 1;
    this.#bytes += key.length + valueBytes;
  }

  #end(): void {
    this.#isOpen = false;
    this.#logged = [];
  }

  #checkOpen(): void {
    this.#host.checkOpen();
    if (!this.#isOpen) throw new CairnError('CLOSED', 'this batch was written or closed already');
  }
}
