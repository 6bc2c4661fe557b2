"""Writes botocore.json: AWS's model of S3, and requests as botocore writes them. Run it anywhere with botocore:

    python3 -m venv /tmp/v && /tmp/v/bin/pip install botocore && /tmp/v/bin/python make-golden.py

Each operation of the model: its method, path and required parameters, and the request that botocore sends for it when only what is
required is set. Further requests show the bodies of documents with everything in them.
"""

import base64
import datetime
import json
import pathlib

import botocore
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config

session = botocore.session.get_session()
model = session.get_service_model("s3")
client = session.create_client(
    "s3",
    region_name="eu-central-1",
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="secret",
    endpoint_url="http://s3.example.com",
    config=Config(
        s3={"addressing_style": "path"}, inject_host_prefix=False, parameter_validation=True, retries={"total_max_attempts": 1}
    ),
)
sent = []


class Raw:
    def stream(self, **_):
        return iter([b""])


def capture(request, **_):
    body = request.body or b""
    if hasattr(body, "read"):
        body.seek(0) if hasattr(body, "seek") else None
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    headers = {}
    for name, value in request.headers.items():
        name = name.lower()
        if name == "content-type" or name in ("x-amz-copy-source", "x-amz-rename-source", "x-amz-object-attributes") or "request-r" in name:
            headers[name] = value.decode() if isinstance(value, bytes) else value
    target = request.url.split("s3.example.com", 1)[1]
    sent.append({"method": request.method, "target": target or "/", "headers": headers, "body": body.decode("utf-8", "replace")})
    return AWSResponse(request.url, 200, {}, Raw())


client.meta.events.register("before-send.s3", capture)


def sample(shape, name=""):
    kind = shape.type_name
    if name == "Bucket":
        return "bucket"
    if name == "Key":
        return "key"
    if name == "CopySource":
        return "bucket/source"
    if kind == "string":
        return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
    if kind in ("integer", "long"):
        return 1
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    if kind == "blob":
        return b"body"
    if kind == "list":
        return [sample(shape.member)]
    if kind == "map":
        return {"x": sample(shape.value)}
    required = {member: sample(shape.members[member], member) for member in shape.required_members}
    if not required and shape.members and getattr(shape, "is_document_type", False) is False and name != "input":
        first = next(iter(shape.members))
        required = {first: sample(shape.members[first], first)}
    return required


def send(operation, params):
    sent.clear()
    method = "".join("_" + c.lower() if c.isupper() else c for c in operation).lstrip("_")
    try:
        client._make_api_call(operation, params)
    except Exception as error:  # the empty answers of the capture do not parse as what some operations expect
        if not sent:
            raise RuntimeError(f"{operation} {method}: {error!r}") from error
    return dict(sent[-1])


operations = {}
for name in sorted(model.operation_names):
    operation = model.operation_model(name)
    shape = operation.input_shape
    members = shape.members if shape is not None else {}
    required = shape.required_members if shape is not None else []

    def located(place):
        return [
            members[m].serialization.get("name", m) for m in required if members[m].serialization.get("location") == place
        ]

    params = {m: sample(members[m], m) for m in required}
    payload = shape.serialization.get("payload") if shape is not None else None
    if payload and payload not in params and members[payload].type_name == "structure":
        params[payload] = sample(members[payload], payload)
    if name == "ListDirectoryBuckets":
        params["MaxDirectoryBuckets"] = 10
    operations[name] = {
        "method": operation.http["method"],
        "requestUri": operation.http["requestUri"],
        "query": located("querystring"),
        "headers": located("header"),
        "sent": send(name, params),
    }

when = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
digest = lambda n: base64.b64encode(bytes(range(n))).decode()  # noqa: E731
bodies = {
    "CreateBucket": {
        "CreateBucketConfiguration": {
            "LocationConstraint": "eu-central-1",
            "Tags": [{"Key": "a", "Value": "b & c"}, {"Key": "d", "Value": ""}],
        }
    },
    "CreateBucket directory": {
        "CreateBucketConfiguration": {
            "Location": {"Type": "AvailabilityZone", "Name": "use1-az4"},
            "Bucket": {"Type": "Directory", "DataRedundancy": "SingleAvailabilityZone"},
        }
    },
    "PutBucketVersioning": {"VersioningConfiguration": {"Status": "Suspended", "MFADelete": "Disabled"}},
    "DeleteObjects": {
        "Delete": {
            "Quiet": True,
            "Objects": [
                {"Key": " a<b>&\"'\r\n\té/%2F "},
                {"Key": "k", "VersionId": "null", "ETag": '"d41d8cd98f00b204e9800998ecf8427e"', "LastModifiedTime": when, "Size": 0},
            ],
        }
    },
    "CompleteMultipartUpload": {
        "Key": "key",
        "UploadId": "u",
        "MultipartUpload": {
            "Parts": [
                {"PartNumber": 1, "ETag": '"d41d8cd98f00b204e9800998ecf8427e"', "ChecksumCRC32": digest(4)},
                {"PartNumber": 2, "ETag": "d41d8cd98f00b204e9800998ecf8427f", "ChecksumSHA256": digest(32)},
                {"PartNumber": 10000, "ETag": '"x"'},
            ]
        },
    },
    "PutObjectTagging": {"Key": "key", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}, {"Key": "é=", "Value": " x "}]}},
    "PutBucketTagging": {"Tagging": {"TagSet": []}},
    "PutObjectLockConfiguration": {
        "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}},
        }
    },
    "PutObjectRetention": {"Key": "key", "Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": when}},
    "PutObjectLegalHold": {"Key": "key", "LegalHold": {"Status": "ON"}},
}
requests = {title: send(title.split()[0], {"Bucket": "bucket", **params}) for title, params in bodies.items()}

path = pathlib.Path(__file__).with_name("botocore.json")
text = json.dumps({"botocore": botocore.__version__, "operations": operations, "requests": requests}, indent=1, ensure_ascii=False)
path.write_text(text + "\n")
