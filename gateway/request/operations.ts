/**
 * Every operation of S3's API, by what its requests look like; each has the action that policies and `authorize()` know it by. Checked
 * against AWS's own model of the service (test/gateway/request/operations.test.ts). `GetBucketLifecycle`, `PutBucketLifecycle`,
 * `GetBucketNotification` and `PutBucketNotification` are AWS's older names of `…Configuration`: the requests are the same.
 */
import type { Resource } from './addressing.js';

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS';

export interface Shape {
  readonly method: Method;
  /** A parameter that names a part of the resource, whatever its value: `?acl`. A request has at most one. */
  readonly sub?: string;
  /** Further parameters that there must be, `name` or `name=value`. */
  readonly query?: readonly string[];
  /** A header that there must be. */
  readonly header?: string;
  /** What `content-type` must be, without its parameters. */
  readonly contentType?: string;
  /** `undefined` where it depends on the body, or where nobody is asked. */
  readonly action: string | undefined;
  /** In place of `action` where the request names a version. */
  readonly versionAction?: string;
}

const ofService = {
  ListBuckets: { method: 'GET', action: 's3:ListAllMyBuckets' },
  ListDirectoryBuckets: {
    method: 'GET',
    query: ['max-directory-buckets'],
    action: 's3express:ListAllMyDirectoryBuckets',
  },
  // STS, IAM and SNS: AWS's query protocol, as a form or in the URL. The form's Action says what it asks.
  QueryApiPost: { method: 'POST', contentType: 'application/x-www-form-urlencoded', action: undefined },
  QueryApiGet: { method: 'GET', query: ['Action', 'Version'], action: undefined },
} as const satisfies Record<string, Shape>;

const ofBuckets = {
  CreateBucket: { method: 'PUT', action: 's3:CreateBucket' },
  HeadBucket: { method: 'HEAD', action: 's3:ListBucket' },
  DeleteBucket: { method: 'DELETE', action: 's3:DeleteBucket' },
  ListObjects: { method: 'GET', action: 's3:ListBucket' },
  ListObjectsV2: { method: 'GET', query: ['list-type=2'], action: 's3:ListBucket' },
  ListObjectVersions: { method: 'GET', sub: 'versions', action: 's3:ListBucketVersions' },
  ListMultipartUploads: { method: 'GET', sub: 'uploads', action: 's3:ListBucketMultipartUploads' },
  DeleteObjects: { method: 'POST', sub: 'delete', action: 's3:DeleteObject' },
  CreateSession: { method: 'GET', sub: 'session', action: 's3express:CreateSession' },
  GetBucketLocation: { method: 'GET', sub: 'location', action: 's3:GetBucketLocation' },
  GetBucketAbac: { method: 'GET', sub: 'abac', action: 's3:GetBucketABAC' },
  PutBucketAbac: { method: 'PUT', sub: 'abac', action: 's3:PutBucketABAC' },
  GetBucketAccelerateConfiguration: { method: 'GET', sub: 'accelerate', action: 's3:GetAccelerateConfiguration' },
  PutBucketAccelerateConfiguration: { method: 'PUT', sub: 'accelerate', action: 's3:PutAccelerateConfiguration' },
  GetBucketAcl: { method: 'GET', sub: 'acl', action: 's3:GetBucketAcl' },
  PutBucketAcl: { method: 'PUT', sub: 'acl', action: 's3:PutBucketAcl' },
  GetBucketCors: { method: 'GET', sub: 'cors', action: 's3:GetBucketCORS' },
  PutBucketCors: { method: 'PUT', sub: 'cors', action: 's3:PutBucketCORS' },
  DeleteBucketCors: { method: 'DELETE', sub: 'cors', action: 's3:PutBucketCORS' },
  GetBucketEncryption: { method: 'GET', sub: 'encryption', action: 's3:GetEncryptionConfiguration' },
  PutBucketEncryption: { method: 'PUT', sub: 'encryption', action: 's3:PutEncryptionConfiguration' },
  DeleteBucketEncryption: { method: 'DELETE', sub: 'encryption', action: 's3:PutEncryptionConfiguration' },
  GetBucketLifecycleConfiguration: { method: 'GET', sub: 'lifecycle', action: 's3:GetLifecycleConfiguration' },
  PutBucketLifecycleConfiguration: { method: 'PUT', sub: 'lifecycle', action: 's3:PutLifecycleConfiguration' },
  DeleteBucketLifecycle: { method: 'DELETE', sub: 'lifecycle', action: 's3:PutLifecycleConfiguration' },
  GetBucketLogging: { method: 'GET', sub: 'logging', action: 's3:GetBucketLogging' },
  PutBucketLogging: { method: 'PUT', sub: 'logging', action: 's3:PutBucketLogging' },
  GetBucketNotificationConfiguration: { method: 'GET', sub: 'notification', action: 's3:GetBucketNotification' },
  PutBucketNotificationConfiguration: { method: 'PUT', sub: 'notification', action: 's3:PutBucketNotification' },
  GetObjectLockConfiguration: { method: 'GET', sub: 'object-lock', action: 's3:GetBucketObjectLockConfiguration' },
  PutObjectLockConfiguration: { method: 'PUT', sub: 'object-lock', action: 's3:PutBucketObjectLockConfiguration' },
  GetBucketOwnershipControls: { method: 'GET', sub: 'ownershipControls', action: 's3:GetBucketOwnershipControls' },
  PutBucketOwnershipControls: { method: 'PUT', sub: 'ownershipControls', action: 's3:PutBucketOwnershipControls' },
  DeleteBucketOwnershipControls: {
    method: 'DELETE',
    sub: 'ownershipControls',
    action: 's3:PutBucketOwnershipControls',
  },
  GetBucketPolicy: { method: 'GET', sub: 'policy', action: 's3:GetBucketPolicy' },
  PutBucketPolicy: { method: 'PUT', sub: 'policy', action: 's3:PutBucketPolicy' },
  DeleteBucketPolicy: { method: 'DELETE', sub: 'policy', action: 's3:DeleteBucketPolicy' },
  GetBucketPolicyStatus: { method: 'GET', sub: 'policyStatus', action: 's3:GetBucketPolicyStatus' },
  GetPublicAccessBlock: { method: 'GET', sub: 'publicAccessBlock', action: 's3:GetBucketPublicAccessBlock' },
  PutPublicAccessBlock: { method: 'PUT', sub: 'publicAccessBlock', action: 's3:PutBucketPublicAccessBlock' },
  DeletePublicAccessBlock: { method: 'DELETE', sub: 'publicAccessBlock', action: 's3:PutBucketPublicAccessBlock' },
  GetBucketReplication: { method: 'GET', sub: 'replication', action: 's3:GetReplicationConfiguration' },
  PutBucketReplication: { method: 'PUT', sub: 'replication', action: 's3:PutReplicationConfiguration' },
  DeleteBucketReplication: { method: 'DELETE', sub: 'replication', action: 's3:PutReplicationConfiguration' },
  GetBucketRequestPayment: { method: 'GET', sub: 'requestPayment', action: 's3:GetBucketRequestPayment' },
  PutBucketRequestPayment: { method: 'PUT', sub: 'requestPayment', action: 's3:PutBucketRequestPayment' },
  GetBucketTagging: { method: 'GET', sub: 'tagging', action: 's3:GetBucketTagging' },
  PutBucketTagging: { method: 'PUT', sub: 'tagging', action: 's3:PutBucketTagging' },
  DeleteBucketTagging: { method: 'DELETE', sub: 'tagging', action: 's3:PutBucketTagging' },
  GetBucketVersioning: { method: 'GET', sub: 'versioning', action: 's3:GetBucketVersioning' },
  PutBucketVersioning: { method: 'PUT', sub: 'versioning', action: 's3:PutBucketVersioning' },
  GetBucketWebsite: { method: 'GET', sub: 'website', action: 's3:GetBucketWebsite' },
  PutBucketWebsite: { method: 'PUT', sub: 'website', action: 's3:PutBucketWebsite' },
  DeleteBucketWebsite: { method: 'DELETE', sub: 'website', action: 's3:DeleteBucketWebsite' },
  ListBucketAnalyticsConfigurations: { method: 'GET', sub: 'analytics', action: 's3:GetAnalyticsConfiguration' },
  GetBucketAnalyticsConfiguration: {
    method: 'GET',
    sub: 'analytics',
    query: ['id'],
    action: 's3:GetAnalyticsConfiguration',
  },
  PutBucketAnalyticsConfiguration: {
    method: 'PUT',
    sub: 'analytics',
    query: ['id'],
    action: 's3:PutAnalyticsConfiguration',
  },
  DeleteBucketAnalyticsConfiguration: {
    method: 'DELETE',
    sub: 'analytics',
    query: ['id'],
    action: 's3:PutAnalyticsConfiguration',
  },
  ListBucketIntelligentTieringConfigurations: {
    method: 'GET',
    sub: 'intelligent-tiering',
    action: 's3:GetIntelligentTieringConfiguration',
  },
  GetBucketIntelligentTieringConfiguration: {
    method: 'GET',
    sub: 'intelligent-tiering',
    query: ['id'],
    action: 's3:GetIntelligentTieringConfiguration',
  },
  PutBucketIntelligentTieringConfiguration: {
    method: 'PUT',
    sub: 'intelligent-tiering',
    query: ['id'],
    action: 's3:PutIntelligentTieringConfiguration',
  },
  DeleteBucketIntelligentTieringConfiguration: {
    method: 'DELETE',
    sub: 'intelligent-tiering',
    query: ['id'],
    action: 's3:PutIntelligentTieringConfiguration',
  },
  ListBucketInventoryConfigurations: { method: 'GET', sub: 'inventory', action: 's3:GetInventoryConfiguration' },
  GetBucketInventoryConfiguration: {
    method: 'GET',
    sub: 'inventory',
    query: ['id'],
    action: 's3:GetInventoryConfiguration',
  },
  PutBucketInventoryConfiguration: {
    method: 'PUT',
    sub: 'inventory',
    query: ['id'],
    action: 's3:PutInventoryConfiguration',
  },
  DeleteBucketInventoryConfiguration: {
    method: 'DELETE',
    sub: 'inventory',
    query: ['id'],
    action: 's3:PutInventoryConfiguration',
  },
  ListBucketMetricsConfigurations: { method: 'GET', sub: 'metrics', action: 's3:GetMetricsConfiguration' },
  GetBucketMetricsConfiguration: { method: 'GET', sub: 'metrics', query: ['id'], action: 's3:GetMetricsConfiguration' },
  PutBucketMetricsConfiguration: { method: 'PUT', sub: 'metrics', query: ['id'], action: 's3:PutMetricsConfiguration' },
  DeleteBucketMetricsConfiguration: {
    method: 'DELETE',
    sub: 'metrics',
    query: ['id'],
    action: 's3:PutMetricsConfiguration',
  },
  CreateBucketMetadataConfiguration: {
    method: 'POST',
    sub: 'metadataConfiguration',
    action: 's3:CreateBucketMetadataTableConfiguration',
  },
  GetBucketMetadataConfiguration: {
    method: 'GET',
    sub: 'metadataConfiguration',
    action: 's3:GetBucketMetadataTableConfiguration',
  },
  DeleteBucketMetadataConfiguration: {
    method: 'DELETE',
    sub: 'metadataConfiguration',
    action: 's3:DeleteBucketMetadataTableConfiguration',
  },
  CreateBucketMetadataTableConfiguration: {
    method: 'POST',
    sub: 'metadataTable',
    action: 's3:CreateBucketMetadataTableConfiguration',
  },
  GetBucketMetadataTableConfiguration: {
    method: 'GET',
    sub: 'metadataTable',
    action: 's3:GetBucketMetadataTableConfiguration',
  },
  DeleteBucketMetadataTableConfiguration: {
    method: 'DELETE',
    sub: 'metadataTable',
    action: 's3:DeleteBucketMetadataTableConfiguration',
  },
  UpdateBucketMetadataAnnotationTableConfiguration: {
    method: 'PUT',
    sub: 'metadataAnnotationTable',
    action: 's3:UpdateBucketMetadataAnnotationTableConfiguration',
  },
  UpdateBucketMetadataInventoryTableConfiguration: {
    method: 'PUT',
    sub: 'metadataInventoryTable',
    action: 's3:UpdateBucketMetadataInventoryTableConfiguration',
  },
  UpdateBucketMetadataJournalTableConfiguration: {
    method: 'PUT',
    sub: 'metadataJournalTable',
    action: 's3:UpdateBucketMetadataJournalTableConfiguration',
  },
  PostObject: { method: 'POST', contentType: 'multipart/form-data', action: 's3:PutObject' },
  WriteGetObjectResponse: {
    method: 'POST',
    header: 'x-amz-request-route',
    action: 's3-object-lambda:WriteGetObjectResponse',
  },
} as const satisfies Record<string, Shape>;

const ofObjects = {
  PutObject: { method: 'PUT', action: 's3:PutObject' },
  CopyObject: { method: 'PUT', header: 'x-amz-copy-source', action: 's3:PutObject' },
  GetObject: { method: 'GET', action: 's3:GetObject', versionAction: 's3:GetObjectVersion' },
  HeadObject: { method: 'HEAD', action: 's3:GetObject', versionAction: 's3:GetObjectVersion' },
  DeleteObject: { method: 'DELETE', action: 's3:DeleteObject', versionAction: 's3:DeleteObjectVersion' },
  GetObjectAttributes: {
    method: 'GET',
    sub: 'attributes',
    action: 's3:GetObjectAttributes',
    versionAction: 's3:GetObjectVersionAttributes',
  },
  CreateMultipartUpload: { method: 'POST', sub: 'uploads', action: 's3:PutObject' },
  UploadPart: { method: 'PUT', query: ['partNumber', 'uploadId'], action: 's3:PutObject' },
  UploadPartCopy: {
    method: 'PUT',
    query: ['partNumber', 'uploadId'],
    header: 'x-amz-copy-source',
    action: 's3:PutObject',
  },
  CompleteMultipartUpload: { method: 'POST', query: ['uploadId'], action: 's3:PutObject' },
  AbortMultipartUpload: { method: 'DELETE', query: ['uploadId'], action: 's3:AbortMultipartUpload' },
  ListParts: { method: 'GET', query: ['uploadId'], action: 's3:ListMultipartUploadParts' },
  GetObjectAcl: { method: 'GET', sub: 'acl', action: 's3:GetObjectAcl', versionAction: 's3:GetObjectVersionAcl' },
  PutObjectAcl: { method: 'PUT', sub: 'acl', action: 's3:PutObjectAcl', versionAction: 's3:PutObjectVersionAcl' },
  GetObjectTagging: {
    method: 'GET',
    sub: 'tagging',
    action: 's3:GetObjectTagging',
    versionAction: 's3:GetObjectVersionTagging',
  },
  PutObjectTagging: {
    method: 'PUT',
    sub: 'tagging',
    action: 's3:PutObjectTagging',
    versionAction: 's3:PutObjectVersionTagging',
  },
  DeleteObjectTagging: {
    method: 'DELETE',
    sub: 'tagging',
    action: 's3:DeleteObjectTagging',
    versionAction: 's3:DeleteObjectVersionTagging',
  },
  GetObjectRetention: { method: 'GET', sub: 'retention', action: 's3:GetObjectRetention' },
  PutObjectRetention: { method: 'PUT', sub: 'retention', action: 's3:PutObjectRetention' },
  GetObjectLegalHold: { method: 'GET', sub: 'legal-hold', action: 's3:GetObjectLegalHold' },
  PutObjectLegalHold: { method: 'PUT', sub: 'legal-hold', action: 's3:PutObjectLegalHold' },
  GetObjectTorrent: {
    method: 'GET',
    sub: 'torrent',
    action: 's3:GetObjectTorrent',
    versionAction: 's3:GetObjectVersionTorrent',
  },
  RestoreObject: { method: 'POST', sub: 'restore', action: 's3:RestoreObject' },
  SelectObjectContent: { method: 'POST', sub: 'select', query: ['select-type=2'], action: 's3:GetObject' },
  RenameObject: { method: 'PUT', sub: 'renameObject', action: 's3express:CreateSession' },
  UpdateObjectEncryption: { method: 'PUT', sub: 'encryption', action: 's3:UpdateObjectEncryption' },
  GetObjectAnnotation: {
    method: 'GET',
    sub: 'annotation',
    query: ['annotationName'],
    action: 's3:GetObjectAnnotation',
  },
  ListObjectAnnotations: { method: 'GET', sub: 'annotation', action: 's3:ListObjectAnnotations' },
  PutObjectAnnotation: {
    method: 'PUT',
    sub: 'annotation',
    query: ['annotationName'],
    action: 's3:PutObjectAnnotation',
  },
  DeleteObjectAnnotation: {
    method: 'DELETE',
    sub: 'annotation',
    query: ['annotationName'],
    action: 's3:DeleteObjectAnnotation',
  },
} as const satisfies Record<string, Shape>;

/** CORS asks before the browser does, without credentials: of every kind of resource. */
const ofAny = { Options: { method: 'OPTIONS', action: undefined } } as const satisfies Record<string, Shape>;

export const operations: Readonly<Record<Resource['kind'], Readonly<Record<string, Shape>>>> = {
  service: { ...ofService, ...ofAny },
  bucket: { ...ofBuckets, ...ofAny },
  object: { ...ofObjects, ...ofAny },
};

/** As AWS spells it. */
export type OperationName =
  keyof typeof ofService | keyof typeof ofBuckets | keyof typeof ofObjects | keyof typeof ofAny;
