/** CRUSH maps in files, text or binary: which of the two it is shows in the first four bytes. */
import { utf8Text } from '../base/bytes.js';
import { CairnError, isCairnError } from '../base/errors.js';
import { decodeCrushBinary, isCrushBinary } from '../crush/binary-codec.js';
import { parseCrushText } from '../crush/text-parser.js';
import type { CrushMap } from '../crush/types.js';
import type { CliContext } from './context.js';

/** A map of 100,000 devices takes about 5 MiB as text. */
const mapBytesMax = 256 * 1024 * 1024;

/** Errors: those of `readFile`, and `PARSE_ERROR` with the file's name before the place. */
export async function readCrushMap(context: CliContext, path: string): Promise<CrushMap> {
  const bytes = await context.readFile(path, mapBytesMax);
  return withPath(path, () => (isCrushBinary(bytes) ? decodeCrushBinary(bytes) : parseCrushText(decodeText(bytes))));
}

export async function readCrushText(context: CliContext, path: string): Promise<CrushMap> {
  const bytes = await context.readFile(path, mapBytesMax);
  if (isCrushBinary(bytes)) {
    throw new CairnError(
      'INVALID_ARGUMENT',
      `${path} is a binary map already; use \`cairn crush decompile\` to read it`,
    );
  }
  return withPath(path, () => parseCrushText(decodeText(bytes)));
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8Text(bytes);
  } catch (cause) {
    throw new CairnError('PARSE_ERROR', 'this is neither a CRUSH map in binary nor text in UTF-8', { cause });
  }
}

function withPath(path: string, read: () => CrushMap): CrushMap {
  try {
    return read();
  } catch (error) {
    if (!isCairnError(error)) throw error;
    throw new CairnError(error.code, `${path}: ${error.message}`, { cause: error, details: error.details });
  }
}
