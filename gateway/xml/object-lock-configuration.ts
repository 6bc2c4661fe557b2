import { S3Error } from '../s3-error.js';
import { fieldsOf, integerOf, oneOf, readDocument, required } from './document.js';
import type { XmlElement } from './element.js';
import { malformed } from './malformed.js';
import { XmlWriter } from './writer.js';

export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE';
export const retentionModes: readonly RetentionMode[] = ['GOVERNANCE', 'COMPLIANCE'];

/** What new versions of a bucket get. */
export interface DefaultRetention {
  readonly mode: RetentionMode;
  readonly period: { readonly unit: 'Days' | 'Years'; readonly count: number };
}

/** The most that AWS takes. */
const countMax = { Days: 36_500, Years: 100 } as const;

const limits = { bytesMax: 16 * 1024, elementsMax: 16 };

/**
 * The body of `PutObjectLockConfiguration`: object lock is on, with this default, or with none. Throws MalformedXML, InvalidArgument,
 * NotImplemented (event holds), MissingRequestBodyError.
 */
export function parseObjectLockConfiguration(bytes: Uint8Array): DefaultRetention | undefined {
  const root = readDocument(bytes, ['ObjectLockConfiguration'], limits);
  const fields = fieldsOf(root, ['ObjectLockEnabled', 'Rule']);
  oneOf(required(fields, 'ObjectLockEnabled'), ['Enabled']);
  const rule = fields.get('Rule');
  return rule === undefined ? undefined : parseRule(rule);
}

function parseRule(rule: XmlElement): DefaultRetention {
  const retention = required(fieldsOf(rule, ['DefaultRetention']), 'DefaultRetention');
  const fields = fieldsOf(retention, ['Mode', 'Days', 'Years', 'DefaultEventHold']);
  if (fields.has('DefaultEventHold')) throw eventHoldsNotImplemented();
  const mode = oneOf(required(fields, 'Mode'), retentionModes);
  const days = fields.get('Days');
  const years = fields.get('Years');
  if ((days === undefined) === (years === undefined)) throw malformed('DefaultRetention takes either Days or Years');
  return { mode, period: days === undefined ? period('Years', years) : period('Days', days) };
}

function period(unit: 'Days' | 'Years', element: XmlElement | undefined): DefaultRetention['period'] {
  const count = element === undefined ? 0 : integerOf(element);
  const fields = { ArgumentName: unit, ArgumentValue: String(count) };
  if (count < 1) {
    const message = 'Default retention period must be a positive integer value';
    throw new S3Error('InvalidArgument', { message, fields });
  }
  if (count > countMax[unit]) {
    throw new S3Error('InvalidArgument', { message: 'Default retention period too large', fields });
  }
  return { unit, count };
}

/** A lock that is not kept must not be taken. */
export function eventHoldsNotImplemented(): S3Error {
  return new S3Error('NotImplemented', { message: 'Event holds are not implemented here; use a legal hold.' });
}

/** Of a bucket whose object lock is on. */
export function writeObjectLockConfiguration(retention: DefaultRetention | undefined): Uint8Array {
  const out = new XmlWriter('ObjectLockConfiguration').plain('ObjectLockEnabled', 'Enabled');
  if (retention === undefined) return out.bytes();
  const { mode, period } = retention;
  return out
    .start('Rule')
    .start('DefaultRetention')
    .plain('Mode', mode)
    .plain(period.unit, period.count)
    .end()
    .end()
    .bytes();
}
