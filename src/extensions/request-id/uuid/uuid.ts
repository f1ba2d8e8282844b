/** `envoy.request_id.uuid`: random UUIDs, one digit of which tells why a request is traced. Follows Envoy's `UUIDRequestIDExtension`. */
import { randomUUID } from 'node:crypto'
import { UuidRequestIdConfig } from '../../../config/v3.ts'
import type { RequestIds } from '../../../core/connection-manager-extensions.ts'
import type { RequestIdExtension } from '../../../core/extension.ts'

export const uuidRequestIds: RequestIdExtension<UuidRequestIdConfig> = {
  kind: 'request-id',
  name: 'envoy.request_id.uuid',
  message: UuidRequestIdConfig,
  create: message => makeUuidRequestIds(message.packTraceReason ?? true),
}

const uuidLength = 36
/** Of the digit: `4`, the version of a random UUID, says that the request is not traced. */
const reasonAt = 14

export function makeUuidRequestIds(packTraceReason: boolean): RequestIds {
  return {
    make: randomUUID,
    keep(id) {
      // Whether we trace is not for strangers to say.
      if (!packTraceReason || id.length !== uuidLength || id[reasonAt] === '4') return id
      return `${id.slice(0, reasonAt)}4${id.slice(reasonAt + 1)}`
    },
  }
}
