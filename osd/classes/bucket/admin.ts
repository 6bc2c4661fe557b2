/** A shard as a whole: making it, configuring it, sealing it when its bucket is deleted, its counts. */
import { CairnError } from '../../../base/errors.js';
import { bucketOnlyInput, configureInput, createInput } from '../../../protocol/bucket/calls.js';
import { bucketRefusal } from '../../../protocol/bucket/refusal.js';
import {
  blankCounts,
  encodeShardHeader,
  headerAttribute,
  type ShardHeader,
  type WriteRules,
} from '../../../protocol/bucket/shard-header.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import type { ClassMethod } from '../object-class.js';
import { isEmpty } from './counts.js';
import { answered, latin1, readInput } from './read-input.js';
import { Shard } from './shard.js';

/** Repeated, it does nothing. `CONFLICT` for an object that is another shard, or something else. */
export const create: ClassMethod = async (reader, input, context) => {
  const { bucket, rules, rectangle, state, ...rest } = readInput(createInput, input, 'create');
  const header: ShardHeader = {
    ...rest,
    bucket: latin1(bucket),
    rectangle: { ...rectangle, keyTo: rectangle.keyTo },
    rules: rulesOf(rules),
    state,
    modifiedMs: 0,
    dueMs: 0,
    counts: blankCounts,
    split: undefined,
  };
  if ((await reader.stat()) !== undefined) {
    const before = await Shard.ofBucket(reader, context, bucket);
    if (before.header.shard === header.shard) return answered({});
    throw new CairnError('CONFLICT', 'the object is another shard of that bucket');
  }
  const value = encodeShardHeader(header);
  return { changes: [{ kind: 'set-attribute', name: headerAttribute, value }], output: encodeHeader({}) };
};

/** Rules of a later generation take effect; those of this one and of earlier ones are passed over. Answers the generation. */
export const configure: ClassMethod = async (reader, input, context) => {
  const { bucket, generation, rules } = readInput(configureInput, input, 'configure');
  const shard = await Shard.ofBucket(reader, context, bucket);
  if (generation > shard.header.generation) shard.change({ generation, rules: rulesOf(rules) });
  return shard.finish({ generation: shard.header.generation });
};

/** Nothing is written any more. Throws `not-empty` while there are objects, versions or markers. */
export const seal: ClassMethod = async (reader, input, context) => {
  const { bucket } = readInput(bucketOnlyInput, input, 'seal');
  const shard = await Shard.ofBucket(reader, context, bucket);
  if (!isEmpty(shard.header.counts)) throw bucketRefusal('not-empty');
  if (shard.header.state === 'open') shard.change({ state: 'sealed' });
  return shard.finish({});
};

export const unseal: ClassMethod = async (reader, input, context) => {
  const { bucket } = readInput(bucketOnlyInput, input, 'unseal');
  const shard = await Shard.ofBucket(reader, context, bucket);
  if (shard.header.state === 'sealed') shard.change({ state: 'open' });
  return shard.finish({});
};

/** Answers the header as it is stored. */
export const stat: ClassMethod = async (reader, input, context) => {
  const { bucket } = readInput(bucketOnlyInput, input, 'stat');
  const { header } = await Shard.ofBucket(reader, context, bucket);
  return answered({ header: encodeShardHeader(header) });
};

function rulesOf(
  rules: Omit<WriteRules, 'defaultRetention'> & { readonly defaultRetention?: WriteRules['defaultRetention'] },
): WriteRules {
  return { ...rules, defaultRetention: rules.defaultRetention };
}
