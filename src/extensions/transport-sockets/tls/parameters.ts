/** `TlsParameters` as options of OpenSSL. Defaults are Envoy's (`source/common/tls/context_config_impl.cc`). */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls'
import { configError } from '../../../config/position.ts'
import type { TlsParameters, TlsParameters_TlsProtocol } from '../../../config/v3.ts'

const versions: Readonly<Record<TlsParameters_TlsProtocol, SecureVersion | undefined>> = {
  TLS_AUTO: undefined,
  TLSv1_0: 'TLSv1',
  TLSv1_1: 'TLSv1.1',
  TLSv1_2: 'TLSv1.2',
  TLSv1_3: 'TLSv1.3',
}

/**
 * TLS 1.3 has suites of its own that `cipher_suites` does not concern. BoringSSL leaves the choice between the first
 * two to the client; the order here is that of most clients that are no browsers.
 */
const tls13Ciphers = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256']
const defaultCiphers = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
]
const defaultCurves = ['X25519MLKEM768', 'X25519', 'P-256']

/** Throws `ConfigError` for suites and curves that OpenSSL does not know. */
export function readTlsParameters(message: TlsParameters | undefined, side: 'server' | 'client'): SecureContextOptions {
  const minVersion = versions[message?.tlsMinimumProtocolVersion ?? 'TLS_AUTO'] ?? 'TLSv1.2'
  const defaultMaximum = side === 'server' ? 'TLSv1.3' : 'TLSv1.2'
  const maxVersion = versions[message?.tlsMaximumProtocolVersion ?? 'TLS_AUTO'] ?? defaultMaximum
  if (message !== undefined && minVersion > maxVersion)
    throw configError(
      message,
      'tlsMinimumProtocolVersion',
      `nothing is left between ${minVersion} and the maximum of ${maxVersion}`,
    )
  // OpenSSL allows the digests of old versions at security level 0 only.
  const level = minVersion < 'TLSv1.2' ? ['@SECLEVEL=0'] : []
  return {
    minVersion,
    maxVersion,
    ciphers: [...tls13Ciphers, ...readCiphers(message), ...level].join(':'),
    ecdhCurve: readCurves(message).join(':'),
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_PRIORITIZE_CHACHA,
  }
}

/** BoringSSL's groups of equal preference, `[A|B]`, are taken in their order. */
function readCiphers(message: TlsParameters | undefined): readonly string[] {
  if (message === undefined || message.cipherSuites.length === 0) return defaultCiphers
  const names = message.cipherSuites.flatMap(each => each.replaceAll(/[[\]]/g, '').split(/[|:]/))
  const rejected = names.filter(name => name.startsWith('TLS_') || !isKnown({ ciphers: name }))
  if (rejected.length > 0)
    throw configError(
      message,
      'cipherSuites',
      `OpenSSL does not know ${rejected.join(', ')} (the suites of TLS 1.3 cannot be chosen)`,
    )
  return names
}

function readCurves(message: TlsParameters | undefined): readonly string[] {
  if (message === undefined || message.ecdhCurves.length === 0) return defaultCurves
  const rejected = message.ecdhCurves.filter(name => !isKnown({ ecdhCurve: name }))
  if (rejected.length > 0) throw configError(message, 'ecdhCurves', `OpenSSL does not know ${rejected.join(', ')}`)
  return message.ecdhCurves
}

function isKnown(options: SecureContextOptions): boolean {
  try {
    createSecureContext({ ...options, ca: [] })
    return true
  } catch {
    return false
  }
}
