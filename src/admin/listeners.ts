/** `/listeners`: names and bound addresses. Follows `source/server/admin/listeners_handler.cc`. */
import { addressToString } from '../core/address.ts'
import { addressJson } from './address-json.ts'
import type { ListenerStatus } from './admin-context.ts'
import { type AdminPath, jsonResponse } from './admin-path.ts'

export const listenersPath: AdminPath = {
  path: '/listeners',
  help: 'print listener info',
  parameters: [{ name: 'format', help: 'File format to use', oneOf: ['text', 'json'] }],
  handle({ query }, context) {
    const listeners = context.listeners()
    if (query.get('format') === 'json') return jsonResponse({ listener_statuses: listeners.map(listenerJson) })
    return { body: listeners.flatMap(listenerLines).join('') }
  },
}

function listenerLines({ name, addresses }: ListenerStatus): string[] {
  return addresses.map(address => `${name}::${addressToString(address)}\n`)
}

function listenerJson({ name, addresses: [first, ...others] }: ListenerStatus): object {
  return {
    name,
    ...(first === undefined ? {} : { local_address: addressJson(first) }),
    ...(others.length === 0 ? {} : { additional_local_addresses: others.map(addressJson) }),
  }
}
