/** What a request has come to, before it may be told. */
import type { OpReply } from '../../../protocol/osd-methods.js';
import type { Evaluated } from '../execute/evaluated.js';
import type { StoredReply } from '../stored-reply.js';

export interface Outcome {
  /** Has to be committed first. */
  readonly seen: number;
  readonly answer: StoredReply;
  readonly payload: readonly Uint8Array[];
  /** Something was appended: the reply needs no lease, and a lost one may have taken effect. */
  readonly isChange: boolean;
}

export function replyOf({ results, output, outputBytes }: Evaluated, version: OpReply['version']): OpReply {
  if (output === undefined) return { version, results };
  return outputBytes === 0 ? { version, results, output } : { version, results, output, outputBytes };
}
