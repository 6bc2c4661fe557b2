import { wallMs } from '../../base/instants.js';
import { utcText } from '../../base/utc-text.js';
import type { Retention } from '../../protocol/bucket/retention.js';
import { fieldsOf, readDocument, required, timestampOf } from './document.js';
import { eventHoldsNotImplemented, lockModeOf } from './object-lock-configuration.js';
import { XmlWriter } from './writer.js';

const limits = { bytesMax: 16 * 1024, elementsMax: 16 };

/**
 * The body of `PutObjectRetention`; `undefined` for an empty one, which takes retention away where that is allowed. Whether the time is in
 * the future is for who has a clock. Throws MalformedXML, NotImplemented (event holds), MissingRequestBodyError.
 */
export function parseRetention(bytes: Uint8Array): Retention | undefined {
  const fields = fieldsOf(readDocument(bytes, ['Retention'], limits), [
    'Mode',
    'RetainUntilDate',
    'EventHold',
    'EventHoldDuration',
  ]);
  if (fields.has('EventHold') || fields.has('EventHoldDuration')) throw eventHoldsNotImplemented();
  if (fields.size === 0) return undefined;
  return {
    mode: lockModeOf(required(fields, 'Mode')),
    untilMs: timestampOf(required(fields, 'RetainUntilDate')),
  };
}

/** To the millisecond: a client that sends back what it read must not shorten it. */
export function writeRetention({ mode, untilMs }: Retention): Uint8Array {
  return new XmlWriter('Retention')
    .plain('Mode', mode.toUpperCase())
    .plain('RetainUntilDate', utcText(wallMs(untilMs)))
    .bytes();
}
