/** `envoy.http.original_ip_detection.custom_header`: a header holds the client's address, and nothing but it. */
import { statusNumber } from '../../../../config/http-status.ts'
import { CustomHeaderConfig } from '../../../../config/v3.ts'
import type { DetectedAddress } from '../../../../core/connection-manager-extensions.ts'
import type { OriginalIpDetectionExtension } from '../../../../core/extension.ts'
import { ipAddress } from '../../../../network/address.ts'

export const customHeader: OriginalIpDetectionExtension<CustomHeaderConfig> = {
  kind: 'original-ip-detection',
  name: 'envoy.http.original_ip_detection.custom_header',
  message: CustomHeaderConfig,
  create(message) {
    const name = message.headerName.toLowerCase()
    const trusted = message.allowExtensionToSetAddressAsTrusted
    const notFound: DetectedAddress = {
      address: undefined,
      trusted: false,
      skipXffAppend: true,
      rejectWith: rejectStatus(message),
    }
    return {
      detect(headers) {
        const address = ipAddress(headers.get(name) ?? '', 0)
        return address === undefined ? notFound : { address, trusted, skipXffAppend: true, rejectWith: undefined }
      },
    }
  },
}

/** As in Envoy, a status that is no error becomes 403. */
function rejectStatus(message: CustomHeaderConfig): number | undefined {
  if (message.rejectWithStatus === undefined) return undefined
  const status = statusNumber(message.rejectWithStatus.code)
  return status >= 400 && status <= 511 ? status : 403
}
