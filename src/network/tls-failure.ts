/**
 * Why a TLS connection failed, in the shape of Envoy's transport failure reason:
 * `TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end`. Names and numbers are
 * BoringSSL's as far as OpenSSL knows the same fault; OpenSSL's own otherwise.
 */

/** What Node makes of an entry of OpenSSL's error queue. */
export interface OpenSslError extends Error {
  /** `wrong version number` */
  readonly reason?: string
  /** `SSL routines` */
  readonly library?: string
}

/** BoringSSL numbers its reasons below 1000 differently; alerts (1000 and up) are the same. */
const boringReasons: Readonly<Record<string, number>> = {
  BAD_ECPOINT: 103,
  CERTIFICATE_VERIFY_FAILED: 125,
  DECODE_ERROR: 137,
  DECRYPTION_FAILED_OR_BAD_RECORD_MAC: 139,
  HTTPS_PROXY_REQUEST: 155,
  HTTP_REQUEST: 156,
  NO_COMMON_SIGNATURE_ALGORITHMS: 253,
  NO_SHARED_CIPHER: 184,
  NO_SHARED_GROUP: 266,
  PEER_DID_NOT_RETURN_A_CERTIFICATE: 192,
  UNSUPPORTED_PROTOCOL: 240,
  WRONG_VERSION_NUMBER: 247,
}
/** Where OpenSSL names the same fault differently. */
const boringNames: readonly (readonly [openSsl: RegExp, boringSsl: string])[] = [
  [/^SSL\/TLS_ALERT_/, 'SSLV3_ALERT_'],
  [/^NO_SUITABLE_SIGNATURE_ALGORITHM$/, 'NO_COMMON_SIGNATURE_ALGORITHMS'],
  [/^NO_SUITABLE_(KEY_SHARE|GROUPS)$/, 'NO_SHARED_GROUP'],
]
const boringSslLibrary = 16 << 24
const firstAlert = 1000

export const noCertificate = 'PEER_DID_NOT_RETURN_A_CERTIFICATE'

/** `WRONG_VERSION_NUMBER` */
export function failureName(error: OpenSslError): string {
  const name = (error.reason ?? 'UNKNOWN').replaceAll(' ', '_').toUpperCase()
  return boringNames.reduce((text, [openSsl, boringSsl]) => text.replace(openSsl, boringSsl), name)
}

export function handshakeFailure(error: OpenSslError): string {
  const name = failureName(error)
  const openSsl = Number.parseInt(/error:([0-9A-F]{8}):/.exec(error.message)?.[1] ?? '0', 16)
  const openSslReason = openSsl & 0x7fffff
  const reason = boringReasons[name] ?? (openSslReason >= firstAlert ? openSslReason : undefined)
  const number = reason === undefined ? openSsl : boringSslLibrary + reason
  const detail = name === noCertificate ? ':peer did not provide required client certificate' : ''
  return envelope(`${number}:${error.library ?? 'SSL routines'}:OPENSSL_internal:${name}${detail}`)
}

/** @param fault in Envoy's words */
export function verifyFailure(fault: string): string {
  const number = boringSslLibrary + (boringReasons['CERTIFICATE_VERIFY_FAILED'] as number)
  return envelope(`${number}:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: ${fault}`)
}

/** A server name that is too long to be asked for. */
export const serverNameFailure = envelope(
  `${boringSslLibrary + 204}:SSL routines:OPENSSL_internal:SSL3_EXT_INVALID_SERVERNAME`,
)

function envelope(text: string): string {
  return `TLS_error:|${text}:TLS_error_end`
}
