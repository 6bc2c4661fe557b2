/** What a signing key is good for. */
export interface CredentialScope {
  /** Of the request, in UTC: `20130524`. */
  readonly date: string;
  readonly region: string;
  /** `s3`, `iam`, `sts`, `sns`. */
  readonly service: string;
}

export const scopeTerminal = 'aws4_request';

/** As it stands in strings to sign: `20130524/us-east-1/s3/aws4_request`. */
export function scopeText({ date, region, service }: CredentialScope): string {
  return `${date}/${region}/${service}/${scopeTerminal}`;
}
