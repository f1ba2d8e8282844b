/** `envoy_resolve_dns`, which Envoy has beyond the ABI. The answer goes to the root context. */
import { lookup } from 'node:dns'
import { type HostFunctions, Status } from '../abi.ts'
import type { WasmVm } from '../vm.ts'

/** The system's resolver does not tell how long an answer holds: ask again each time. */
const ttlSeconds = 0
const nothing = new Uint8Array(0)

export function dnsFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm
  // Envoy's first token is 2.
  let lastToken = 1
  return {
    envoy_resolve_dns(nameAt, nameSize, tokenAt) {
      const name = memory.text(nameAt, nameSize)
      if (name === undefined) return Status.invalidMemoryAccess
      const root = vm.current.rootContext
      if (root === undefined) return Status.internalFailure
      const token = lastToken + 1
      const written = memory.writeUint32(tokenAt, token)
      if (written !== Status.ok) return written
      lastToken = token
      let cancelled = false
      // Tokens of calls count by themselves.
      root.calls.set(-token, { cancel: () => void (cancelled = true) })
      const answer = (addresses: readonly string[]): void => {
        if (cancelled) return
        root.calls.delete(-token)
        const { onResolveDns } = vm.guest
        if (onResolveDns === undefined || (vm.failed && !root.plugin.finishesStreams)) return
        root.callData = addresses.length === 0 ? nothing : encodeAddresses(addresses)
        vm.callGuest(root, onResolveDns, root.id, token, root.callData.length)
        root.callData = undefined
      }
      resolve(name, answer)
      return Status.ok
    },
  }
}

/** IPv6 addresses if there are any, else those of IPv4; nothing for a name that cannot be resolved. */
function resolve(name: string, answer: (addresses: readonly string[]) => void): void {
  if (name === '' || name.includes('\0')) return void setImmediate(answer, [])
  lookup(name, { all: true }, (error, all) => {
    if (error !== null) return answer([])
    const v6 = all.filter(each => each.family === 6).map(each => `[${each.address}]:0`)
    answer(v6.length > 0 ? v6 : all.map(each => `${each.address}:0`))
  })
}

/** Count, a TTL for each, each address with a NUL. */
function encodeAddresses(addresses: readonly string[]): Uint8Array {
  const texts = Buffer.from(addresses.map(each => `${each}\0`).join(''), 'latin1')
  const head = Buffer.alloc(4 + addresses.length * 4)
  head.writeUInt32LE(addresses.length, 0)
  for (let i = 0; i < addresses.length; i++) head.writeUInt32LE(ttlSeconds, 4 + i * 4)
  return Buffer.concat([head, texts])
}
