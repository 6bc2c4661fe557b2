import type { DefaultRetention, LockMode } from '../../protocol/bucket/retention.js';
import { S3Error } from '../s3-error.js';
import { fieldsOf, integerOf, oneOf, readDocument, required } from './document.js';
import type { XmlElement } from './element.js';
import { malformed } from './malformed.js';
import { XmlWriter } from './writer.js';

/** The most that AWS takes. */
const amountMax = { days: 36_500, years: 100 } as const;

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
  const mode = lockModeOf(required(fields, 'Mode'));
  const days = fields.get('Days');
  const years = fields.get('Years');
  if (days !== undefined && years === undefined) return { mode, unit: 'days', amount: amountOf(days, amountMax.days) };
  if (years !== undefined && days === undefined)
    return { mode, unit: 'years', amount: amountOf(years, amountMax.years) };
  throw malformed('DefaultRetention takes either Days or Years');
}

function amountOf(element: XmlElement, most: number): number {
  const amount = integerOf(element);
  const fields = { ArgumentName: element.name, ArgumentValue: String(amount) };
  if (amount < 1) {
    const message = 'Default retention period must be a positive integer value';
    throw new S3Error('InvalidArgument', { message, fields });
  }
  if (amount > most) throw new S3Error('InvalidArgument', { message: 'Default retention period too large', fields });
  return amount;
}

export function lockModeOf(element: XmlElement): LockMode {
  return oneOf(element, ['GOVERNANCE', 'COMPLIANCE']) === 'GOVERNANCE' ? 'governance' : 'compliance';
}

/** A lock that is not kept must not be taken. */
export function eventHoldsNotImplemented(): S3Error {
  return new S3Error('NotImplemented', { message: 'Event holds are not implemented here; use a legal hold.' });
}

/** Of a bucket whose object lock is on. */
export function writeObjectLockConfiguration(retention: DefaultRetention | undefined): Uint8Array {
  const out = new XmlWriter('ObjectLockConfiguration').plain('ObjectLockEnabled', 'Enabled');
  if (retention === undefined) return out.bytes();
  const { mode, unit, amount } = retention;
  out.start('Rule').start('DefaultRetention').plain('Mode', mode.toUpperCase());
  return out
    .plain(unit === 'days' ? 'Days' : 'Years', amount)
    .end()
    .end()
    .bytes();
}
