/** The one place where error names of the operating system become codes of ours. */
import { CairnError, type Applied, type ErrorCode } from '../../base/errors.js';

interface Meaning {
  readonly code: ErrorCode;
  /** What is wrong, and what to do about it. */
  readonly text: string;
}

const meanings: Readonly<Record<string, Meaning>> = {
  // Connecting and listening.
  ECONNREFUSED: {
    code: 'CONNECTION_REFUSED',
    text: 'nobody listens there; check the address and that its daemon runs',
  },
  EHOSTUNREACH: { code: 'UNREACHABLE', text: 'no route to that host; check the network' },
  EHOSTDOWN: { code: 'UNREACHABLE', text: 'that host is down' },
  ENETUNREACH: { code: 'UNREACHABLE', text: 'no route to that network; check this host’s interfaces' },
  ENETDOWN: { code: 'UNREACHABLE', text: 'the network is down' },
  ETIMEDOUT: { code: 'UNREACHABLE', text: 'no answer; check the host and the firewalls on the way' },
  ENOTFOUND: { code: 'UNREACHABLE', text: 'no such host name; check its spelling and DNS' },
  EAI_AGAIN: { code: 'UNREACHABLE', text: 'the name server does not answer; check DNS' },
  EAI_NONAME: { code: 'UNREACHABLE', text: 'no such host name; check its spelling and DNS' },
  EAI_NODATA: { code: 'UNREACHABLE', text: 'that name has no address; check DNS' },
  EAI_FAIL: { code: 'UNREACHABLE', text: 'the name server failed; check DNS' },
  EADDRINUSE: { code: 'ADDRESS_IN_USE', text: 'another process listens there; stop it or choose another port' },
  EADDRNOTAVAIL: { code: 'UNREACHABLE', text: 'this host does not have that address; check its interfaces' },
  EAFNOSUPPORT: { code: 'UNREACHABLE', text: 'this host does not support that kind of address' },

  // A connection that was there.
  ECONNRESET: { code: 'CONNECTION_LOST', text: 'the peer reset the connection' },
  ECONNABORTED: { code: 'CONNECTION_LOST', text: 'the connection was aborted' },
  EPIPE: { code: 'CONNECTION_LOST', text: 'the peer no longer reads' },
  ENOTCONN: { code: 'CONNECTION_LOST', text: 'the connection is gone' },
  ECANCELED: { code: 'CONNECTION_LOST', text: 'the connection was closed meanwhile' },

  EMSGSIZE: { code: 'INVALID_ARGUMENT', text: 'the message is too large for the network; send less at once' },

  // Files and directories.
  ENOENT: { code: 'NOT_FOUND', text: 'no such file or directory; check the path' },
  EEXIST: { code: 'EXISTS', text: 'it exists already' },
  ENOTEMPTY: { code: 'CONFLICT', text: 'the directory is not empty' },
  ENOTDIR: { code: 'INVALID_ARGUMENT', text: 'a part of the path is not a directory' },
  EISDIR: { code: 'INVALID_ARGUMENT', text: 'it is a directory, not a file' },
  ENAMETOOLONG: { code: 'INVALID_ARGUMENT', text: 'the name is too long' },
  EINVAL: { code: 'INVALID_ARGUMENT', text: 'the operating system does not allow that here' },
  EXDEV: { code: 'INVALID_ARGUMENT', text: 'the two paths are on different file systems' },
  ELOOP: { code: 'INVALID_ARGUMENT', text: 'too many symbolic links' },
  ENOSPC: { code: 'NO_SPACE', text: 'the file system is full; free some space' },
  EDQUOT: { code: 'NO_SPACE', text: 'the disk quota is used up; free some space or raise it' },
  EFBIG: { code: 'NO_SPACE', text: 'the file may not grow further; raise the file size limit (ulimit -f)' },
  EACCES: { code: 'PERMISSION_DENIED', text: 'permission denied; check owner and mode' },
  EPERM: { code: 'PERMISSION_DENIED', text: 'the operating system does not permit it' },
  EROFS: {
    code: 'PERMISSION_DENIED',
    text: 'the file system is read-only; a disk error may have made it so, see dmesg',
  },
  EIO: { code: 'IO_ERROR', text: 'the disk failed; see dmesg, and replace it' },
  ENXIO: { code: 'IO_ERROR', text: 'the device is gone' },
  ENODEV: { code: 'IO_ERROR', text: 'the device is gone' },
  ESTALE: { code: 'IO_ERROR', text: 'the network file system lost the file' },
  EBUSY: { code: 'CONFLICT', text: 'it is in use' },
  ETXTBSY: { code: 'CONFLICT', text: 'it is in use' },

  // Limits of this process and host.
  EMFILE: { code: 'OVERLOADED', text: 'this process has too many files open; raise its limit (ulimit -n)' },
  ENFILE: { code: 'OVERLOADED', text: 'this host has too many files open; raise fs.file-max' },
  ENOMEM: { code: 'OVERLOADED', text: 'the operating system is out of memory' },
  ENOBUFS: { code: 'OVERLOADED', text: 'the operating system is out of network buffers' },
};

/** The system's name of an error (`ENOENT`), if it has one. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return error.code;
}

export function isKnownErrno(name: string | undefined): boolean {
  return name !== undefined && Object.hasOwn(meanings, name);
}

/** `doing` names the deed and the path or address: `cannot open /a/b`. Names not listed become `otherwise`. */
export function fromErrno(error: unknown, doing: string, otherwise: ErrorCode, applied: Applied = 'no'): CairnError {
  const errno = errnoOf(error);
  const meaning = errno !== undefined && Object.hasOwn(meanings, errno) ? meanings[errno] : undefined;
  const reason = error instanceof Error ? error.message : String(error);
  return new CairnError(meaning?.code ?? otherwise, `${doing}: ${meaning?.text ?? reason}`, {
    cause: error,
    applied,
    details: errno === undefined ? {} : { errno },
  });
}
