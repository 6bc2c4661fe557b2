"""Writes requests.json: requests as botocore signs and sends them. See README.md; nothing is sent anywhere."""
import base64
import datetime
import io
import json
import pathlib
import sys
import zlib
from unittest import mock

import botocore
import botocore.auth
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config

FROZEN = datetime.datetime(2026, 11, 20, 22, 26, 39, 123000, tzinfo=datetime.timezone.utc)
NOW_MS = int(FROZEN.timestamp() * 1000)
KEYS = ('AKIACAIRNGOLDEN00001', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY')
TEMPORARY = ('ASIACAIRNGOLDEN00002', 'q3J/4Xh+Zz9TEMPORARYKEYqv1b0mEXAMPLE0KEY', 'FwoGZXIvYXdzEBYa//token+with/slashes==')

cases = []


def client(service='s3', scheme='https', style='path', region='eu-north-1', keys=KEYS, **config):
    session = botocore.session.get_session()
    options = {'s3': {'addressing_style': style}} if service == 's3' else {}
    made = session.create_client(
        service,
        region_name=region,
        endpoint_url=f'{scheme}://{"s3." if service == "s3" else ""}cairn.example:7480',
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        aws_session_token=keys[2] if len(keys) == 3 else None,
        config=Config(signature_version='s3v4' if service == 's3' else 'v4', retries={'max_attempts': 0}, **options, **config),
    )
    return made


def keep(name, method, url, headers, body, keys, service='s3', region='eu-north-1'):
    rest = url.split('://', 1)[1]
    host, _, target = rest.partition('/')
    kept = {}
    for key, value in headers.items():
        # They differ from run to run or machine to machine, and are not signed.
        if key.lower() in ('user-agent', 'amz-sdk-invocation-id', 'amz-sdk-request'):
            continue
        text = value.decode('utf-8') if isinstance(value, bytes) else str(value)
        kept[key.lower()] = text
    kept.setdefault('host', host)
    cases.append({
        'name': name,
        'service': service,
        'region': region,
        'accessKey': keys[0],
        'secretKey': keys[1],
        **({'sessionToken': keys[2]} if len(keys) == 3 else {}),
        'nowMs': NOW_MS,
        'method': method,
        'target': '/' + target,
        'headers': dict(sorted(kept.items())),
        # Deflated: one of them has two megabytes of one letter.
        'body': base64.b64encode(zlib.compress(body, 9)).decode('ascii') if body else '',
    })


def sent(name, operation, params, keys=KEYS, **options):
    """What a call would put on the wire."""
    made = client(keys=keys, **options)
    caught = []

    def catch(request, **_):
        body = request.body
        if body is None:
            body = b''
        elif hasattr(body, 'read'):
            body = body.read()
        elif isinstance(body, str):
            body = body.encode('utf-8')
        caught.append((request.method, request.url, dict(request.headers.items()), bytes(body)))
        return AWSResponse(request.url, 503, {}, mock.Mock(stream=lambda **_: iter([b''])))

    made.meta.events.register('before-send.*', catch)
    try:
        getattr(made, operation)(**params)
    except Exception as error:  # The answer is no answer; only the request counts.
        if not caught:
            raise RuntimeError(name) from error
    method, url, headers, body = caught[0]
    keep(name, method, url, headers, body, keys, options.get('service', 's3'), options.get('region', 'eu-north-1'))


def presigned(name, operation, params, expires=3600, headers=None, keys=KEYS, method=None, **options):
    made = client(keys=keys, **options)
    url = made.generate_presigned_url(operation, Params=params, ExpiresIn=expires, HttpMethod=method)
    verb = method or {'get_object': 'GET', 'head_object': 'HEAD', 'put_object': 'PUT', 'delete_object': 'DELETE',
                      'list_objects_v2': 'GET', 'upload_part': 'PUT'}[operation]
    keep(name, verb, url, headers or {}, b'', keys)


def make():
    bucket = 'golden-bucket'
    sent('list buckets', 'list_buckets', {})
    sent('list buckets by pages', 'list_buckets', {'MaxBuckets': 10, 'Prefix': 'a b', 'ContinuationToken': 'x+/=='})
    sent('create a bucket with a document', 'create_bucket',
         {'Bucket': bucket, 'CreateBucketConfiguration': {'LocationConstraint': 'eu-north-1'}})
    sent('create a bucket with lock, virtual host', 'create_bucket',
         {'Bucket': bucket, 'ObjectLockEnabledForBucket': True, 'ACL': 'private'}, style='virtual', region='us-east-1')
    sent('head a bucket', 'head_bucket', {'Bucket': bucket})
    sent('head a bucket, virtual host', 'head_bucket', {'Bucket': 'with.dots.in-it'}, style='virtual')
    for key in ['plain.txt', 'with space', 'a+b', 'a%2Fb', '100%', 'ümläut/ß.txt', '日本語/キー', '\U0001f5ff moai',
                'a//b', '/leading', './here/../there', "it's(1)!*~-_.", '=&?#;:@,$', 'tab\tand\nline', 'trailing/',
                '"<>\\^`{|}', 'e\u0301 combining', 'a' * 1024]:
        sent(f'get the key {key[:40]!r}', 'get_object', {'Bucket': bucket, 'Key': key})
    sent('get a key, virtual host', 'get_object', {'Bucket': bucket, 'Key': 'ä b+c'}, style='virtual')
    sent('get a range on conditions', 'get_object', {
        'Bucket': bucket, 'Key': 'k', 'Range': 'bytes=0-9', 'IfMatch': '"d41d8cd98f00b204e9800998ecf8427e"',
        'IfModifiedSince': FROZEN, 'ChecksumMode': 'ENABLED', 'VersionId': 'null', 'PartNumber': 3})
    sent('get with overrides', 'get_object', {
        'Bucket': bucket, 'Key': 'k', 'ResponseContentDisposition': 'attachment; filename="a b.txt"',
        'ResponseContentType': 'text/plain; charset=utf-8', 'ResponseExpires': FROZEN})
    sent('head an object with the key of SSE-C', 'head_object', {
        'Bucket': bucket, 'Key': 'k', 'SSECustomerAlgorithm': 'AES256', 'SSECustomerKey': '0' * 32})
    for scheme in ['http', 'https']:
        sent(f'put bytes over {scheme}', 'put_object', {'Bucket': bucket, 'Key': 'k', 'Body': b'hello world'}, scheme=scheme)
        sent(f'put nothing over {scheme}', 'put_object', {'Bucket': bucket, 'Key': 'k', 'Body': b''}, scheme=scheme)
        sent(f'put a file over {scheme}', 'put_object',
             {'Bucket': bucket, 'Key': 'k', 'Body': io.BytesIO(b'0123456789abcdef' * 1024)}, scheme=scheme)
        for algorithm in ['CRC32', 'SHA1', 'SHA256']:
            sent(f'put bytes with {algorithm} over {scheme}', 'put_object',
                 {'Bucket': bucket, 'Key': 'k', 'Body': b'hello world', 'ChecksumAlgorithm': algorithm}, scheme=scheme)
    sent('put without a checksum, signed', 'put_object', {'Bucket': bucket, 'Key': 'k', 'Body': b'hello'},
         scheme='http', request_checksum_calculation='when_required')
    sent('put without a checksum, unsigned', 'put_object', {'Bucket': bucket, 'Key': 'k', 'Body': b'hello'},
         request_checksum_calculation='when_required')
    sent('put several chunks', 'put_object', {'Bucket': bucket, 'Key': 'k', 'Body': io.BytesIO(b'x' * (2 * 1024 * 1024 + 5))})
    sent('put with metadata of many spaces', 'put_object', {
        'Bucket': bucket, 'Key': 'k', 'Body': b'1', 'Metadata': {'a': '  two   spaces  inside ', 'B-Upper': 'v', 'empty': ''},
        'ContentType': 'text/plain;  charset=utf-8', 'CacheControl': 'max-age=1,  public', 'Tagging': 'a=b&c=d%20e',
        'StorageClass': 'STANDARD_IA', 'ContentEncoding': 'gzip', 'ContentMD5': 'xMpCOKC5I4INzFCab3WEmw=='})
    sent('put with conditions and encryption', 'put_object', {
        'Bucket': bucket, 'Key': 'k', 'Body': b'1', 'IfNoneMatch': '*', 'ServerSideEncryption': 'aws:kms',
        'SSEKMSKeyId': 'arn:aws:kms:eu-north-1:1:key/x', 'ACL': 'bucket-owner-full-control'})
    sent('copy', 'copy_object', {'Bucket': bucket, 'Key': 'to', 'CopySource': {'Bucket': 'from', 'Key': 'ä +b', 'VersionId': 'v'},
                                 'MetadataDirective': 'REPLACE', 'Metadata': {'k': 'v'}})
    sent('delete', 'delete_object', {'Bucket': bucket, 'Key': 'k', 'VersionId': 'a.b~c', 'BypassGovernanceRetention': True})
    sent('delete many', 'delete_objects', {'Bucket': bucket, 'Delete': {'Objects': [{'Key': 'ä'}, {'Key': 'b'}], 'Quiet': True}})
    sent('list', 'list_objects', {'Bucket': bucket, 'Prefix': 'a b/', 'Delimiter': '/', 'Marker': 'ü', 'MaxKeys': 7})
    sent('list by version 2', 'list_objects_v2', {
        'Bucket': bucket, 'Prefix': '=&+%', 'Delimiter': '//', 'StartAfter': '~', 'ContinuationToken': 'a+b/c==', 'FetchOwner': True})
    sent('list by version 2 with empty values', 'list_objects_v2', {'Bucket': bucket, 'Prefix': '', 'Delimiter': ''})
    sent('list versions', 'list_object_versions', {'Bucket': bucket, 'KeyMarker': 'k', 'VersionIdMarker': 'v'})
    sent('create an upload', 'create_multipart_upload', {'Bucket': bucket, 'Key': 'ä', 'ChecksumAlgorithm': 'CRC32C', 'ContentType': 'a/b'})
    sent('upload a part', 'upload_part', {'Bucket': bucket, 'Key': 'ä', 'UploadId': '~up.load-_', 'PartNumber': 2, 'Body': b'part'})
    sent('upload a part by copy', 'upload_part_copy', {
        'Bucket': bucket, 'Key': 'k', 'UploadId': 'u', 'PartNumber': 1, 'CopySource': 'from/key', 'CopySourceRange': 'bytes=0-5'})
    sent('complete an upload', 'complete_multipart_upload', {
        'Bucket': bucket, 'Key': 'k', 'UploadId': 'u', 'MultipartUpload': {'Parts': [{'ETag': '"x"', 'PartNumber': 1}]}})
    sent('list parts', 'list_parts', {'Bucket': bucket, 'Key': 'k', 'UploadId': 'u', 'MaxParts': 1})
    sent('get the lifecycle', 'get_bucket_lifecycle_configuration', {'Bucket': bucket})
    sent('put a policy', 'put_bucket_policy', {'Bucket': bucket, 'Policy': '{"Version":"2012-10-17"}'})
    sent('put tags', 'put_object_tagging', {'Bucket': bucket, 'Key': 'k', 'Tagging': {'TagSet': [{'Key': 'ä', 'Value': 'b'}]}})
    sent('get attributes', 'get_object_attributes', {'Bucket': bucket, 'Key': 'k', 'ObjectAttributes': ['ETag', 'ObjectParts']})
    sent('get with a session token', 'get_object', {'Bucket': bucket, 'Key': 'k'}, keys=TEMPORARY)
    sent('put with a session token', 'put_object', {'Bucket': bucket, 'Key': 'k', 'Body': b'hello'}, keys=TEMPORARY)

    presigned('presigned get', 'get_object', {'Bucket': bucket, 'Key': 'ä b+c/../d'})
    presigned('presigned get, virtual host', 'get_object', {'Bucket': bucket, 'Key': 'k'}, style='virtual', expires=604800)
    presigned('presigned get with overrides', 'get_object', {
        'Bucket': bucket, 'Key': 'k', 'VersionId': 'v', 'ResponseContentDisposition': 'attachment; filename="ä b.txt"'})
    presigned('presigned get with a session token', 'get_object', {'Bucket': bucket, 'Key': 'k'}, keys=TEMPORARY)
    presigned('presigned head', 'head_object', {'Bucket': bucket, 'Key': 'k'}, expires=1)
    presigned('presigned list', 'list_objects_v2', {'Bucket': bucket, 'Prefix': 'a b', 'Delimiter': '/'})
    presigned('presigned delete', 'delete_object', {'Bucket': bucket, 'Key': 'k'})
    presigned('presigned put', 'put_object', {'Bucket': bucket, 'Key': 'k'})
    presigned('presigned put with signed headers', 'put_object',
              {'Bucket': bucket, 'Key': 'k', 'ACL': 'public-read', 'ContentType': 'text/plain', 'Metadata': {'a': 'b'}},
              headers={'x-amz-acl': 'public-read', 'content-type': 'text/plain', 'x-amz-meta-a': 'b'})
    presigned('presigned part', 'upload_part', {'Bucket': bucket, 'Key': 'k', 'UploadId': 'u', 'PartNumber': 7})

    sent('iam: list users', 'list_users', {'PathPrefix': '/a b/'}, service='iam', region='us-east-1')
    sent('iam: put a policy', 'put_user_policy', {'UserName': 'u', 'PolicyName': 'p', 'PolicyDocument': '{"a": "ä&="}'},
         service='iam', region='us-east-1')
    sent('sts: who am I', 'get_caller_identity', {}, service='sts')
    sent('sts: assume a role', 'assume_role', {'RoleArn': 'arn:aws:iam::111122223333:role/r', 'RoleSessionName': 'session'}, service='sts', keys=TEMPORARY)
    sent('sns: create a topic', 'create_topic', {'Name': 't'}, service='sns')


with mock.patch('botocore.auth.get_current_datetime', lambda remove_tzinfo=True: FROZEN.replace(tzinfo=None) if remove_tzinfo else FROZEN):
    make()

target = pathlib.Path(__file__).with_name('requests.json')
text = json.dumps({'botocore': botocore.__version__, 'requests': cases}, ensure_ascii=False, indent=2)
target.write_text(text + '\n', encoding='utf-8')
print(f'{len(cases)} requests by botocore {botocore.__version__} into {target}', file=sys.stderr)
