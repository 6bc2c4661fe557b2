/** The other OSDs, as PGs see them: who is up in the newest map can be reached, by one connection each. */
import type { OsdId } from '../../cluster/ids.js';
import type { Method, Reply } from '../../wire/method.js';
import type { CallOptions } from '../../wire/peer.js';

export interface OsdPeers {
  /** Rejects with `CONNECTION_LOST` at once when there is no connection to it now. */
  call<Req, Rep>(osd: OsdId, method: Method<Req, Rep>, header: Req, options: CallOptions): Promise<Reply<Rep>>;
  /**
   * A message without an answer, in the order of the calls. Lost without a word when there is no connection. Bytes of the payload are
   * not to be changed before `released` is called, which it may never be.
   */
  tell<Req>(
    osd: OsdId,
    method: Method<Req, undefined>,
    header: Req,
    payload?: readonly Uint8Array[],
    released?: () => void,
  ): void;
}
