import type { Versioning } from '../../protocol/bucket/shard-header.js';
import { S3Error } from '../s3-error.js';
import { fieldsOf, oneOf, readDocument } from './document.js';
import { XmlWriter } from './writer.js';

const limits = { bytesMax: 16 * 1024, elementsMax: 16 };

/**
 * The body of `PutBucketVersioning`. Throws MalformedXML, IllegalVersioningConfigurationException, NotImplemented: to demand a second
 * factor for deletes is refused rather than taken and not done; `Disabled`, which is the state here, is what some tools always send.
 */
export function parseVersioningConfiguration(bytes: Uint8Array): Exclude<Versioning, 'off'> {
  const root = readDocument(bytes, ['VersioningConfiguration'], limits);
  const fields = fieldsOf(root, ['Status', 'MfaDelete']);
  const mfaDelete = fields.get('MfaDelete');
  if (mfaDelete !== undefined && oneOf(mfaDelete, ['Enabled', 'Disabled']) === 'Enabled') {
    throw new S3Error('NotImplemented', { message: 'MFA delete is not implemented here; leave out MfaDelete.' });
  }
  const status = fields.get('Status');
  if (status === undefined) throw new S3Error('IllegalVersioningConfigurationException');
  return oneOf(status, ['Enabled', 'Suspended']) === 'Enabled' ? 'enabled' : 'suspended';
}

const statuses = { off: undefined, enabled: 'Enabled', suspended: 'Suspended' } as const;

/** Of a bucket whose versioning was never set, AWS sends no `Status`. */
export function writeVersioningConfiguration(versioning: Versioning): Uint8Array {
  return new XmlWriter('VersioningConfiguration').plain('Status', statuses[versioning]).bytes();
}
