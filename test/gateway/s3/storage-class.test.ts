import assert from 'node:assert/strict';
import { isStorageClassName, requestedStorageClass, storageClassHeader } from '../../../gateway/s3/storage-class.js';
import { s3Error } from '../assert-s3-error.js';

describe('storage classes', () => {
  const available = new Set(['STANDARD', 'STANDARD_IA']);
  const asked = (text?: string): Map<string, string> =>
    new Map(text === undefined ? [] : [['x-amz-storage-class', text]]);

  it('are those that the cluster has, by default STANDARD', () => {
    assert.equal(requestedStorageClass(asked(), available), 'STANDARD');
    assert.equal(requestedStorageClass(asked('STANDARD_IA'), available), 'STANDARD_IA');
    for (const text of ['GLACIER', 'standard', '']) {
      const fields = { StorageClassRequested: text };
      assert.throws(() => requestedStorageClass(asked(text), available), s3Error('InvalidStorageClass', { fields }));
    }
  });

  it('are told of only where it is another than STANDARD', () => {
    assert.deepEqual(storageClassHeader('STANDARD'), []);
    assert.deepEqual(storageClassHeader('STANDARD_IA'), [['x-amz-storage-class', 'STANDARD_IA']]);
  });

  it('have names in the form of those of AWS', () => {
    for (const name of ['STANDARD', 'GLACIER_IR', 'EC_4_2']) assert.ok(isStorageClassName(name));
    for (const name of ['', 'standard', '4X', 'A B', 'A'.repeat(65)]) assert.ok(!isStorageClassName(name));
  });
});
