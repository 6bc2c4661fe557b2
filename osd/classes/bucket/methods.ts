/** The object class `bucket`: shards of buckets (README.md). By `class.method`. */
import { bucketClass } from '../../../protocol/bucket/calls.js';
import type { ClassMethod } from '../object-class.js';
import { configure, create, seal, stat, unseal } from './admin.js';
import { cleanUpload, collect, collected, expire, hold } from './collect.js';
import { complete } from './complete.js';
import { remove } from './delete.js';
import { get } from './get.js';
import { abandon, intend } from './intents.js';
import { list } from './list.js';
import { listParts, listUploads } from './list-uploads.js';
import { listVersions } from './list-versions.js';
import { put } from './put.js';
import { update } from './update.js';
import { abort, createUpload, putPart } from './uploads.js';

const methods: Readonly<Record<string, ClassMethod>> = {
  abandon,
  abort,
  'clean-upload': cleanUpload,
  collect,
  collected,
  complete,
  configure,
  create,
  'create-upload': createUpload,
  delete: remove,
  expire,
  get,
  hold,
  intend,
  list,
  'list-parts': listParts,
  'list-uploads': listUploads,
  'list-versions': listVersions,
  put,
  'put-part': putPart,
  seal,
  stat,
  unseal,
  update,
};

export const bucketMethods = Object.entries(methods).map(
  ([name, method]) => [`${bucketClass}.${name}`, method] as const,
);
