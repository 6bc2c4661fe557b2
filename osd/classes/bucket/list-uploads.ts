/** ListMultipartUploads and ListParts. */
import { listPartsInput, listUploadsInput } from '../../../protocol/bucket/calls.js';
import { type PageAnswer, PageWriter } from '../../../protocol/bucket/page.js';
import { bucketRefusal } from '../../../protocol/bucket/refusal.js';
import { endOf, escapeKey, partsOf, splitOmapKey, uploadKey } from '../../../protocol/bucket/shard-keys.js';
import { decodeUpload, type Upload } from '../../../protocol/bucket/upload.js';
import { concatBytes, hexText, latin1Bytes } from '../../../base/bytes.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import type { ClassMethod } from '../object-class.js';
import { Budget } from './budget.js';
import { Collapse } from './collapse.js';
import { HeadStream, keyBehind, stepsFor } from './head-stream.js';
import { latin1, plainKey, readInput } from './read-input.js';
import { Shard } from './shard.js';

/** By key, and within a key by when it began. Answers a `PageAnswer`; before each head stand the 16 bytes of the upload's id. */
export const listUploads: ClassMethod = async (reader, input, context) => {
  const { prefix, delimiter, after, afterUpload, count, ...place } = readInput(listUploadsInput, input, 'list-uploads');
  await Shard.open(reader, context, place);
  const collapse = new Collapse(escapeKey(prefix), escapeKey(delimiter));
  const budget = new Budget(context.clock);
  const from = startOf(collapse, after, afterUpload);
  const range = { from, end: endOf(`u/${collapse.prefix}`) };
  const stream = new HeadStream(reader, budget, range, stepsFor(count, delimiter));
  const page = new PageWriter();
  let next: PageAnswer['next'] = collapse.cursor();
  let cursor: PageAnswer['next'];
  for (let found = await stream.peek(); found !== undefined; found = await stream.peek()) {
    const [omapKey, head] = found;
    const { escaped, rest } = splitOmapKey(omapKey);
    const isOpen = decodeUpload(head).state.kind === 'open';
    if ((isOpen && page.count >= count) || budget.isSpent) {
      cursor = next;
      break;
    }
    const common = isOpen ? collapse.of(escaped) : undefined;
    if (common !== undefined) {
      page.add('prefix', plainKey(common));
      collapse.passPrefix(common);
      next = collapse.cursor();
      stream.pass();
      stream.seek(keyBehind('u/', common));
      continue;
    }
    if (isOpen) page.add('latest', plainKey(escaped), concatBytes([latin1Bytes(rest), head]));
    collapse.passKey(escaped);
    const place = collapse.cursor();
    next = place === undefined ? undefined : { ...place, upload: hexText(latin1Bytes(rest)) };
    stream.pass();
  }
  const answer: PageAnswer = { next: cursor, examined: budget.examined };
  return { changes: [], output: encodeHeader(answer), data: page.pieces() };
};

function startOf(collapse: Collapse, after: string | undefined, afterUpload: Uint8Array | undefined): string {
  if (after === undefined) return `u/${collapse.prefix}`;
  const escaped = escapeKey(after);
  if (afterUpload !== undefined) return `${uploadKey(escaped, latin1(afterUpload))}\0`;
  const start = collapse.startAfter(escaped);
  return start === `${escaped}\0` ? `u/${escaped}\0\x02` : `u/${start}`;
}

/** The upload, open. Throws `no-such-upload`. */
export async function openUpload(
  shard: Shard,
  escaped: string,
  upload: Uint8Array,
): Promise<{ readonly omapKey: string; readonly upload: Upload }> {
  const omapKey = uploadKey(escaped, latin1(upload));
  const head = await shard.omap.head(omapKey);
  const found = head === undefined ? undefined : decodeUpload(head);
  if (found?.state.kind !== 'open') throw bucketRefusal('no-such-upload');
  return { omapKey, upload: found };
}

/** Items have the part's number as key, in decimal. Answers the upload's head, and whether there are more. */
export const listParts: ClassMethod = async (reader, input, context) => {
  const { key, upload, after, count, ...place } = readInput(listPartsInput, input, 'list-parts');
  const shard = await Shard.open(reader, context, place);
  const escaped = shard.own(key);
  const { omapKey } = await openUpload(shard, escaped, upload);
  const prefix = partsOf(escaped, latin1(upload));
  const from = prefix + String.fromCharCode((after + 1) >>> 8, (after + 1) & 0xff);
  const found = await reader.omapList(from, endOf(prefix), count + 1);
  const page = new PageWriter();
  for (const [partKey, head] of found.slice(0, count)) {
    const at = prefix.length;
    page.add('latest', String(partKey.charCodeAt(at) * 256 + partKey.charCodeAt(at + 1)), head);
  }
  const head = await reader.omapHead(omapKey);
  return {
    changes: [],
    output: encodeHeader({ head, isMore: found.length > count }),
    data: page.pieces(),
  };
};
