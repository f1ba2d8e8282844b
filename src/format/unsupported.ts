/** Commands of Envoy 1.40 that sluice refuses, and why. */
export const unsupportedCommands: ReadonlyMap<string, string> = new Map([
  ['DOWNSTREAM_CX_RTT', 'Node does not tell the round-trip time of a socket (TCP_INFO)'],
  ['TLS_JA3_FINGERPRINT', 'it needs the tls_inspector listener filter'],
  ['TLS_JA4_FINGERPRINT', 'it needs the tls_inspector listener filter'],
])
