/** Transport sockets. */
import type { SupportTable } from './table.ts'

export const tlsSupport: SupportTable = {
  'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer': 'all',
  'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext': [
    'common_tls_context',
    'require_client_certificate',
    'disable_stateless_session_resumption',
    'session_timeout',
    'ocsp_staple_policy=LENIENT_STAPLING',
    'full_scan_certs_on_sni_mismatch',
    'prefer_client_ciphers',
    // Envoy does nothing with it either.
    '?require_sni',
    // Sessions are resumed by tickets alone.
    '?disable_stateful_session_resumption',
  ],
  'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext': [
    'common_tls_context',
    'sni',
    'auto_host_sni',
    'auto_sni_san_validation',
    'max_session_keys',
  ],
  'envoy.extensions.transport_sockets.tls.v3.CommonTlsContext': [
    'tls_params',
    'tls_certificates',
    'validation_context',
    'alpn_protocols',
  ],
  'envoy.extensions.transport_sockets.tls.v3.TlsParameters': [
    'tls_minimum_protocol_version',
    'tls_maximum_protocol_version',
    'cipher_suites',
    'ecdh_curves',
  ],
  'envoy.extensions.transport_sockets.tls.v3.TlsCertificate': ['certificate_chain', 'private_key', 'password'],
  'envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext': [
    'trusted_ca',
    'verify_certificate_spki',
    'verify_certificate_hash',
    'match_typed_subject_alt_names',
    'trust_chain_verification=VERIFY_TRUST_CHAIN',
  ],
  'envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher': ['san_type=EMAIL|DNS|URI|IP_ADDRESS', 'matcher'],
}
