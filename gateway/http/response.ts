/** The answer to an S3 request, free of sockets. */

/** Pieces are the reader's for good. What it throws breaks the connection: a body never ends early as if it were whole. */
export type ResponseBody = AsyncIterable<Uint8Array>;

export interface S3Response {
  readonly status: number;
  /** Names in lower case, in the order of sending; values are UTF-8 text. `content-length` where the length is known. */
  readonly headers: ReadonlyMap<string, string>;
  /** `undefined`: none. For HEAD there is none, and the headers are those of GET. */
  readonly body: Uint8Array | ResponseBody | undefined;
}
