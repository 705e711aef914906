const reasons: Record<string, string> = {
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "its name cannot be looked up at the moment",
  ECONNREFUSED: "it refuses the connection",
  ECONNRESET: "the connection broke",
  UND_ERR_SOCKET: "the connection broke",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  UND_ERR_HEADERS_TIMEOUT: "it does not answer",
  UND_ERR_BODY_TIMEOUT: "it stopped sending",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
};

/** Why a request failed, in words for a person. */
export function failureReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && reasons[code]) || (message || String(error)).replace(/\.$/, "");
}
