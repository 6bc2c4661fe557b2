import { XmlWriter } from './writer.js';

/** The answer to `GetBucketLocation`. us-east-1 is spelt as nothing, as AWS has always done; clients rely on it. */
export function writeLocationConstraint(region: string): Uint8Array {
  const out = new XmlWriter('LocationConstraint');
  return out.content(region === 'us-east-1' ? '' : region).bytes();
}
