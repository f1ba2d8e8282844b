/** What can be wrong with a message: the local reply it gets and Envoy's words for it (`%RESPONSE_CODE_DETAILS%`). */

export interface MessageError {
  readonly status: number
  readonly body: string
  readonly details: string
}

function badRequest(details: string): MessageError {
  return { status: 400, body: 'Bad Request', details }
}

export const codecError = badRequest('http1.codec_error')
export const invalidCharacters = badRequest('http1.invalid_characters')
export const invalidUrl = badRequest('http1.invalid_url')
export const invalidScheme = badRequest('http1.invalid_scheme')
export const invalidAuthority = badRequest('http.invalid_authority')
export const contentLengthNotAllowed = badRequest('http1.content_length_not_allowed')
export const transferEncodingNotAllowed = badRequest('http1.transfer_encoding_not_allowed')
export const chunkedContentLength = badRequest('http1.content_length_and_chunked_not_allowed')
export const connectionHeaderRejected = badRequest('http1.connection_header_rejected')
export const invalidTransferEncoding: MessageError = {
  status: 501,
  body: 'Not Implemented',
  details: 'http1.invalid_transfer_encoding',
}
export const headersTooLarge: MessageError = {
  status: 431,
  body: 'Request Header Fields Too Large',
  details: 'http1.headers_too_large',
}
export const trailersTooLarge: MessageError = { ...headersTooLarge, details: 'http1.trailers_too_large' }
export const tooManyHeaders: MessageError = { ...headersTooLarge, details: 'http1.too_many_headers' }
export const tooManyTrailers: MessageError = { ...headersTooLarge, details: 'http1.too_many_trailers' }
export const lowVersion: MessageError = { status: 426, body: 'Upgrade Required', details: 'low_version' }
export const httpsOnPlaintext: MessageError = {
  status: 403,
  body: 'Forbidden',
  details: 'http1.https_url_on_plaintext_connection',
}
