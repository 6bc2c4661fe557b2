import { fieldsOf, oneOf, readDocument, required } from './document.js';
import { XmlWriter } from './writer.js';

const limits = { bytesMax: 16 * 1024, elementsMax: 16 };

/** The body of `PutObjectLegalHold`: whether it is on. Throws MalformedXML, MissingRequestBodyError. */
export function parseLegalHold(bytes: Uint8Array): boolean {
  const fields = fieldsOf(readDocument(bytes, ['LegalHold'], limits), ['Status']);
  return oneOf(required(fields, 'Status'), ['ON', 'OFF']) === 'ON';
}

export function writeLegalHold(isOn: boolean): Uint8Array {
  return new XmlWriter('LegalHold').plain('Status', isOn ? 'ON' : 'OFF').bytes();
}
