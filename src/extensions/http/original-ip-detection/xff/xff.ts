/** `envoy.http.original_ip_detection.xff`: the client's address from `x-forwarded-for`, by number of hops or by trusted ranges. */
import { configError } from '../../../../config/position.ts'
import { XffConfig } from '../../../../config/v3.ts'
import type { Address } from '../../../../core/address.ts'
import type { DetectedAddress } from '../../../../core/connection-manager-extensions.ts'
import type { OriginalIpDetectionExtension } from '../../../../core/extension.ts'
import { addressFromXff } from '../../../../http/request-headers.ts'
import { type IpPredicate, makeCidrMatcher } from '../../../../matching/cidr.ts'
import { ipAddress } from '../../../../network/address.ts'

export const xff: OriginalIpDetectionExtension<XffConfig> = {
  kind: 'original-ip-detection',
  name: 'envoy.http.original_ip_detection.xff',
  message: XffConfig,
  create(message) {
    const { xffTrustedCidrs: trusted, xffNumTrustedHops: hops } = message
    if (trusted !== undefined && hops > 0)
      throw configError(message, 'xffNumTrustedHops', 'cannot be set together with xff_trusted_cidrs')
    const skipXffAppend = message.skipXffAppend ?? true
    const found = (address: Address | undefined, forwardedFor: string): DetectedAddress => ({
      address,
      trusted: !forwardedFor.includes(','),
      skipXffAppend,
      rejectWith: undefined,
    })
    if (trusted === undefined)
      return {
        detect(headers) {
          const forwardedFor = headers.getAll('x-forwarded-for').join(',')
          return found(addressFromXff(forwardedFor, hops), forwardedFor)
        },
      }
    const isTrusted = makeCidrMatcher(trusted.cidrs)
    return {
      detect(headers, peer) {
        // What a stranger says of others is not believed; whoever is next shall know the stranger.
        if (peer.kind !== 'ip' || !isTrusted(peer.ip)) return stranger
        const forwardedFor = headers.getAll('x-forwarded-for').join(',')
        return found(lastUntrusted(forwardedFor, isTrusted), forwardedFor)
      },
    }
  },
}

const stranger: DetectedAddress = { address: undefined, trusted: false, skipXffAppend: false, rejectWith: undefined }

/** Read from its end, the first address that is not trusted, or else the foremost. Undefined at what is no address. */
function lastUntrusted(forwardedFor: string, isTrusted: IpPredicate): Address | undefined {
  const hops = forwardedFor.split(',')
  let address: Address | undefined
  for (let i = hops.length - 1; i >= 0; i--) {
    const ip = (hops[i] as string).trim()
    address = ipAddress(ip, 0)
    if (address === undefined || !isTrusted(ip)) return address
  }
  return address
}
