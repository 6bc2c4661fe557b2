/**
 * ListObjects: current versions in the order of their keys, those that have the delimiter behind the prefix collapsed into one.
 * What is collapsed is skipped by seeking past it, so a page costs what it shows.
 */
import { listInput } from '../../../protocol/bucket/calls.js';
import { type PageAnswer, PageWriter } from '../../../protocol/bucket/page.js';
import { endOf, escapeKey } from '../../../protocol/bucket/shard-keys.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import type { ClassMethod } from '../object-class.js';
import { Budget } from './budget.js';
import { Collapse } from './collapse.js';
import { HeadStream, keyBehind, stepsFor } from './head-stream.js';
import { plainKey, readInput } from './read-input.js';
import { Shard } from './shard.js';

/** Answers a `PageAnswer`, the page beside it. One item more than `count` is never given: `next` says whether there is more. */
export const list: ClassMethod = async (reader, input, context) => {
  const { prefix, delimiter, after, count, ...place } = readInput(listInput, input, 'list');
  await Shard.open(reader, context, place);
  const collapse = new Collapse(escapeKey(prefix), escapeKey(delimiter));
  const budget = new Budget(context.clock);
  const range = {
    from: `o/${collapse.startAfter(after === undefined ? undefined : escapeKey(after))}`,
    end: endOf(`o/${collapse.prefix}`),
  };
  const stream = new HeadStream(reader, budget, range, stepsFor(count, delimiter));
  const page = new PageWriter();
  let next: PageAnswer['next'];
  for (let found = await stream.peek(); found !== undefined; found = await stream.peek()) {
    if (page.count >= count || budget.isSpent) {
      next = collapse.cursor();
      break;
    }
    const [omapKey, head] = found;
    const escaped = omapKey.slice(2);
    const common = collapse.of(escaped);
    if (common === undefined) {
      page.add('latest', plainKey(escaped), head);
      collapse.passKey(escaped);
    } else {
      page.add('prefix', plainKey(common));
      collapse.passPrefix(common);
    }
    stream.pass();
    if (common !== undefined) stream.seek(keyBehind('o/', common));
  }
  const answer: PageAnswer = { next, examined: budget.examined };
  return { changes: [], output: encodeHeader(answer), data: page.pieces() };
};
