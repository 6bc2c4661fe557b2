/** ListObjectVersions: of each key the latest first, current or marker, then the others from new to old. */
import { listVersionsInput } from '../../../protocol/bucket/calls.js';
import { type Cursor, type PageAnswer, PageWriter } from '../../../protocol/bucket/page.js';
import {
  endOf,
  escapeKey,
  readVersionSequence,
  splitOmapKey,
  versionKey,
} from '../../../protocol/bucket/shard-keys.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import type { ClassMethod } from '../object-class.js';
import { Budget } from './budget.js';
import { Collapse } from './collapse.js';
import { HeadStream, keyBehind, stepsFor } from './head-stream.js';
import { plainKey, readInput } from './read-input.js';
import { Shard } from './shard.js';

/** Answers a `PageAnswer`, the page beside it. */
export const listVersions: ClassMethod = async (reader, input, context) => {
  const { prefix, delimiter, after, afterSequence, count, ...place } = readInput(
    listVersionsInput,
    input,
    'list-versions',
  );
  await Shard.open(reader, context, place);
  const collapse = new Collapse(escapeKey(prefix), escapeKey(delimiter));
  const budget = new Budget(context.clock);
  const within = after === undefined || afterSequence === undefined ? undefined : escapeKey(after);
  const start = within === undefined ? collapse.startAfter(after === undefined ? undefined : escapeKey(after)) : within;
  const streamOf = (space: string, from: string): HeadStream =>
    new HeadStream(reader, budget, { from, end: endOf(space + collapse.prefix) }, stepsFor(count, delimiter));
  // Keys that begin with `start` and end there have all been shown, or are before the version that was shown last.
  const current = streamOf('o/', within === undefined ? `o/${start}` : `o/${within}\0`);
  const others =
    within === undefined
      ? streamOf('v/', firstOther(start, after))
      : streamOf('v/', `${versionKey(within, afterSequence ?? 0)}\0`);
  const page = new PageWriter();
  let next: PageAnswer['next'] = within === undefined ? collapse.cursor() : undefined;
  // Whose latest version has been shown, or comes from elsewhere.
  let shown = within;
  let cursor: Cursor | undefined;
  for (;;) {
    const one = await current.peek();
    const other = await others.peek();
    if (one === undefined && other === undefined) {
      cursor = undefined;
      break;
    }
    if (page.count >= count || budget.isSpent) {
      cursor = next ?? firstCursor(after, afterSequence);
      break;
    }
    const ofOne = one === undefined ? undefined : splitOmapKey(one[0]).escaped;
    const ofOther = other === undefined ? undefined : splitOmapKey(other[0]);
    // At the same key the current one is the newest.
    const isCurrent = ofOne !== undefined && (ofOther === undefined || ofOne <= ofOther.escaped);
    const escaped = (isCurrent ? ofOne : ofOther?.escaped) ?? '';
    const common = collapse.of(escaped);
    if (common !== undefined) {
      page.add('prefix', plainKey(common));
      collapse.passPrefix(common);
      next = collapse.cursor();
      budget.spend(1);
      current.seek(keyBehind('o/', common));
      others.seek(keyBehind('v/', common));
      continue;
    }
    const [, head] = (isCurrent ? one : other) ?? ['', new Uint8Array(0)];
    page.add(isCurrent || escaped !== shown ? 'latest' : 'other', plainKey(escaped), head);
    shown = escaped;
    if (isCurrent) {
      current.pass();
      // Older than all there are: whoever goes on here has the other versions before it.
      next = { kind: 'key', key: keyOf(collapse, escaped), version: Number.MAX_SAFE_INTEGER };
    } else {
      others.pass();
      next = { kind: 'key', key: keyOf(collapse, escaped), version: readVersionSequence(ofOther?.rest ?? '') };
    }
  }
  const answer: PageAnswer = { next: cursor, examined: budget.examined };
  return { changes: [], output: encodeHeader(answer), data: page.pieces() };
};

/** The first of the others at or after a key; behind `after` itself, whose versions have been shown. */
function firstOther(start: string, after: string | undefined): string {
  const isBehind = after !== undefined && start === `${escapeKey(after)}\0`;
  return isBehind ? `v/${escapeKey(after)}\0\x02` : `v/${start}`;
}

function keyOf(collapse: Collapse, escaped: string): string {
  collapse.passKey(escaped);
  return collapse.cursor()?.key ?? '';
}

function firstCursor(after: string | undefined, version: number | undefined): Cursor | undefined {
  return after === undefined ? undefined : { kind: 'key', key: after, version };
}
