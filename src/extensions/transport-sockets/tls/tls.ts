/**
 * `envoy.transport_sockets.tls`: from the two TLS contexts of the configuration to settings that connections are made
 * with. Follows Envoy's `source/common/tls/{server,client}_context_impl.cc`.
 */
import { constants, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { logger } from '../../../base/log.ts'
import { configError } from '../../../config/position.ts'
import {
  type CertificateValidationContext,
  type CommonTlsContext,
  DownstreamTlsContext,
  UpstreamTlsContext,
} from '../../../config/v3.ts'
import type {
  DownstreamTransportSocketExtension,
  FactoryContext,
  UpstreamTransportSocketExtension,
} from '../../../core/extension.ts'
import type { TlsClientSettings, TlsServerSettings } from '../../../core/transport-socket.ts'
import { type LoadedAuthorities, type LoadedCertificate, loadAuthorities, loadCertificate } from './certificates.ts'
import { CertificateChooser } from './certificate-chooser.ts'
import { ClientSessions } from './client-sessions.ts'
import { noteContext } from './context-status.ts'
import { readTlsParameters } from './parameters.ts'
import { TlsScopeStats } from './tls-stats.ts'
import { CertificateVerifier } from './validation.ts'

const log = logger('config')
const name = 'envoy.transport_sockets.tls'
/** BoringSSL's. */
const defaultSessionTimeoutSeconds = 7200
const defaultMaxSessions = 1

export const downstreamTls: DownstreamTransportSocketExtension<DownstreamTlsContext> = {
  kind: 'downstream-transport-socket',
  name,
  message: DownstreamTlsContext,
  create(message, context): TlsServerSettings {
    const common = message.commonTlsContext
    if (common === undefined || common.tlsCertificates.length === 0)
      throw configError(common ?? message, 'tlsCertificates', 'No TLS certificates found for server context')
    const stats = new TlsScopeStats(context.listenerStats, 'server_ssl_socket_factory')
    const certificates = common.tlsCertificates.map(each => loadCertificate(each, context))
    const authorities = readAuthorities(common, context)
    noteCertificates(authorities, certificates, stats, context)
    const verifier = new CertificateVerifier(common.validationContext, message.requireClientCertificate ?? false)
    if (message.requireClientCertificate === true && !verifier.requireCertificate && context.checking)
      log.warn(
        `listener "${context.listenerName}": require_client_certificate without a trusted_ca asks for no certificate, as in Envoy`,
      )
    const options: SecureContextOptions = {
      ...readTlsParameters(common.tlsParams, 'server'),
      ...trustOptions(authorities),
      honorCipherOrder: !message.preferClientCiphers,
      sessionTimeout: Math.ceil((message.sessionTimeout ?? defaultSessionTimeoutSeconds * 1000) / 1000),
    }
    if (message.disableStatelessSessionResumption === true)
      options.secureOptions = (options.secureOptions ?? 0) | constants.SSL_OP_NO_TICKET
    const chooser = new CertificateChooser(
      certificates.map(certificate => ({
        secureContext: createSecureContext({
          ...options,
          ...certificateOptions(certificate),
          ...sessionOptions(certificate, options, common.validationContext, context),
        }),
        certificate: certificate.x509,
        isEcdsa: certificate.isEcdsa,
        serverNames: certificate.serverNames,
      })),
      message.fullScanCertsOnSniMismatch ?? false,
    )
    return {
      stats,
      verifier,
      alpnProtocols: readAlpn(common),
      chooseContext: hello => chooser.choose(hello),
    }
  },
}

export const upstreamTls: UpstreamTransportSocketExtension<UpstreamTlsContext> = {
  kind: 'upstream-transport-socket',
  name,
  message: UpstreamTlsContext,
  create(message, context): TlsClientSettings {
    const common = message.commonTlsContext
    const [own, second] = common?.tlsCertificates ?? []
    if (common !== undefined && second !== undefined)
      throw configError(common, 'tlsCertificates', 'Multiple TLS certificates are not supported for client contexts')
    if (message.autoSniSanValidation && common?.validationContext?.trustedCa === undefined)
      throw configError(
        message,
        'autoSniSanValidation',
        "'auto_sni_san_validation' was configured without a validation context with a trusted_ca",
      )
    if (message.sni.includes('\0')) throw configError(message, 'sni', 'SNI names containing NULL-byte are not allowed')
    const stats = new TlsScopeStats(context.clusterStats, 'client_ssl_socket_factory')
    const certificate = own === undefined ? undefined : loadCertificate(own, context)
    const authorities = readAuthorities(common, context)
    noteCertificates(authorities, certificate === undefined ? [] : [certificate], stats, context)
    return {
      stats,
      verifier: new CertificateVerifier(common?.validationContext, false),
      secureContext: createSecureContext({
        ...readTlsParameters(common?.tlsParams, 'client'),
        ...trustOptions(authorities),
        ...(certificate === undefined ? {} : certificateOptions(certificate)),
      }),
      certificate: certificate?.x509,
      alpnProtocols: readAlpn(common),
      serverName: message.sni,
      serverNameOfHost: message.autoHostSni,
      validateServerName: message.autoSniSanValidation,
      sessions: new ClientSessions(message.maxSessionKeys ?? defaultMaxSessions),
    }
  },
}

function readAuthorities(common: CommonTlsContext | undefined, context: FactoryContext): LoadedAuthorities | undefined {
  const validation = common?.validationContext
  if (validation?.trustedCa === undefined) return undefined
  return loadAuthorities(validation.trustedCa, validation, 'trustedCa', context)
}

/** Without a CA nothing is trusted; nobody asks then. */
function trustOptions(authorities: LoadedAuthorities | undefined): SecureContextOptions {
  return authorities === undefined ? { ca: [] } : { ca: authorities.pem, allowPartialTrustChain: true }
}

function noteCertificates(
  authorities: LoadedAuthorities | undefined,
  certificates: readonly LoadedCertificate[],
  stats: TlsScopeStats,
  context: FactoryContext,
): void {
  const ca = authorities?.certificates[0]
  for (const { x509 } of certificates) stats.setExpiration('cert', x509)
  if (ca !== undefined) stats.setExpiration('ca_cert', ca)
  noteContext(context, ca === undefined ? undefined : { x509: ca, path: authorities?.path ?? '' }, certificates)
}

function readAlpn(common: CommonTlsContext | undefined): readonly string[] {
  const protocols = (common?.alpnProtocols ?? []).filter(each => each !== '')
  for (const each of protocols)
    if (Buffer.byteLength(each) > 255)
      throw configError(common as object, 'alpnProtocols', 'Invalid ALPN protocol string: longer than 255 bytes')
  return protocols
}

function certificateOptions({ chain, key, passphrase }: LoadedCertificate): SecureContextOptions {
  return { cert: chain, key, ...(passphrase === undefined ? {} : { passphrase }) }
}

/**
 * Sessions can be resumed on every worker, but not with another certificate or another idea of who may come: keys are
 * derived from a secret of this process and from both.
 */
function sessionOptions(
  { x509 }: LoadedCertificate,
  { ca, minVersion, maxVersion, ciphers }: SecureContextOptions,
  validation: CertificateValidationContext | undefined,
  { singletons, listenerName }: FactoryContext & { readonly listenerName: string },
): SecureContextOptions {
  const secretKey = 'tls-ticket-secret'
  const secret = (singletons.get(secretKey) as Uint8Array | undefined) ?? randomBytes(32)
  singletons.set(secretKey, secret)
  const identity = createHash('sha256')
    .update(JSON.stringify([listenerName, x509.fingerprint256, ca, minVersion, maxVersion, ciphers, validation]))
    .digest()
  return {
    sessionIdContext: identity.toString('hex').slice(0, 32),
    ticketKeys: Buffer.from(hkdfSync('sha256', secret, identity, 'ticket keys', 48)),
  }
}
