import { S3Error } from '../s3-error.js';

/** The line before a chunk's bytes. */
export interface ChunkLine {
  /** 0 for the last one, which has no bytes. */
  readonly bytes: number;
  readonly signature: string | undefined;
}

/** A size and a signature have 100; twice as many leave room for extensions that nobody uses. */
export const chunkLineBytesMax = 256;

const form = /^([\dA-Fa-f]{1,16})((?:;[^;\r\n]*)*)\r\n$/;

/** `10000;chunk-signature=…` with its CRLF; other extensions are skipped. Throws `InvalidRequest`. */
export function parseChunkLine(line: string): ChunkLine {
  const [, size, extensions] = form.exec(line) ?? [];
  if (size === undefined || extensions === undefined) throw malformedChunk('a chunk does not start with its size');
  const bytes = Number.parseInt(size, 16);
  if (!Number.isSafeInteger(bytes)) throw malformedChunk('a chunk is too large');
  const signatures = extensions
    .split(';')
    .filter((extension) => extension.startsWith('chunk-signature='))
    .map((extension) => extension.slice('chunk-signature='.length));
  if (signatures.length > 1) throw malformedChunk('a chunk has two signatures');
  return { bytes, signature: signatures[0] };
}

export function malformedChunk(detail: string): S3Error {
  return new S3Error('InvalidRequest', { message: `The aws-chunked framing of the body is malformed: ${detail}.` });
}
