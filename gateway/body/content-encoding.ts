/** What of `Content-Encoding` is the object's own: all but `aws-chunked`, which is of the transfer. Undefined when nothing is left. */
export function storedContentEncoding(header: string | undefined): string | undefined {
  const codings = (header ?? '')
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked');
  return codings.length === 0 ? undefined : codings.join(', ');
}
