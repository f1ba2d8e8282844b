/** Host functions on header maps. */
import { MapType, Status, type HostFunctions } from '../abi.ts'
import type { HeaderMap } from '../../core/header-map.ts'
import { headerName, isHeaderValue } from '../header-names.ts'
import { decodePairs, returnPairs } from '../pairs.ts'
import type { WasmVm } from '../vm.ts'

export function headerFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm

  /** '' is no valid name. The range must be in bounds. */
  const readName = (map: number, at: number, size: number): string => {
    const name = headerName(memory.bytes, at, size)
    return name === 'host' && map === MapType.requestHeaders ? ':authority' : name
  }

  const write = (
    map: number,
    nameAt: number,
    nameSize: number,
    valueAt: number,
    valueSize: number,
    replace: boolean,
  ) => {
    nameAt >>>= 0
    nameSize >>>= 0
    valueAt >>>= 0
    valueSize >>>= 0
    if (!memory.inBounds(nameAt, nameSize) || !memory.inBounds(valueAt, valueSize)) return Status.invalidMemoryAccess
    const context = vm.current
    const headers = context.writableMap(map)
    if (headers === undefined) return Status.badArgument
    const name = readName(map, nameAt, nameSize)
    if (name === '' || !isHeaderValue(memory.bytes, valueAt, valueSize)) return Status.badArgument
    const value = memory.bytes.latin1Slice(valueAt, valueAt + valueSize)
    if (replace) headers.remove(name)
    if (name.charCodeAt(0) === 0x3a) addPseudoHeader(headers, name, value)
    else headers.add(name, value)
    context.onMapChanged(map)
    return Status.ok
  }

  return {
    proxy_get_header_map_value(map, nameAt, nameSize, pointerAt, sizeAt) {
      nameAt >>>= 0
      nameSize >>>= 0
      if (!memory.inBounds(nameAt, nameSize)) return Status.invalidMemoryAccess
      const context = vm.current
      const headers = context.readableMap(map)
      if (headers === undefined) {
        if (!context.inLog || map > MapType.httpCallResponseTrailers) return Status.badArgument
        return vm.abi === '0.1.0' ? memory.returnText('', pointerAt, sizeAt) : Status.notFound
      }
      const value = headers.get(readName(map, nameAt, nameSize))
      if (value !== undefined) return memory.returnText(value, pointerAt, sizeAt)
      return vm.abi === '0.1.0' ? memory.returnText('', pointerAt, sizeAt) : Status.notFound
    },

    proxy_add_header_map_value(map, nameAt, nameSize, valueAt, valueSize) {
      return write(map, nameAt, nameSize, valueAt, valueSize, false)
    },

    proxy_replace_header_map_value(map, nameAt, nameSize, valueAt, valueSize) {
      return write(map, nameAt, nameSize, valueAt, valueSize, true)
    },

    proxy_remove_header_map_value(map, nameAt, nameSize) {
      nameAt >>>= 0
      nameSize >>>= 0
      if (!memory.inBounds(nameAt, nameSize)) return Status.invalidMemoryAccess
      const context = vm.current
      const headers = context.writableMap(map)
      if (headers === undefined) return Status.badArgument
      headers.remove(readName(map, nameAt, nameSize))
      context.onMapChanged(map)
      return Status.ok
    },

    proxy_get_header_map_pairs(map, pointerAt, sizeAt) {
      if (map > MapType.httpCallResponseTrailers) return Status.badArgument
      const headers = vm.current.readableMap(map)
      return headers === undefined
        ? memory.returnText('', pointerAt, sizeAt)
        : returnPairs(headers.list, memory, pointerAt, sizeAt)
    },

    proxy_set_header_map_pairs(map, pointer, size) {
      pointer >>>= 0
      size >>>= 0
      if (!memory.inBounds(pointer, size)) return Status.invalidMemoryAccess
      const context = vm.current
      const headers = context.writableMap(map)
      const list = headers && decodePairs(memory, pointer, size)
      if (headers === undefined || list === undefined) return Status.badArgument
      headers.list.length = 0
      for (let i = 0; i < list.length; i += 2) {
        const name = list[i] === 'host' && map === MapType.requestHeaders ? ':authority' : (list[i] as string)
        if (name.charCodeAt(0) === 0x3a) addPseudoHeader(headers, name, list[i + 1] as string)
        else headers.add(name, list[i + 1] as string)
      }
      context.onMapChanged(map)
      return Status.ok
    },

    proxy_get_header_map_size(map, sizeAt) {
      const { current } = vm
      const own = map <= MapType.responseTrailers
      const headers = own ? (current.inLog ? current.writableMap(map) : current.readableMap(map)) : undefined
      return headers === undefined ? Status.badArgument : memory.writeUint32(sizeAt, headers.byteSize)
    },
  }
}

/** Pseudo-headers exist once and stand before all others. Adding to one joins the values, as Envoy does. */
function addPseudoHeader(headers: HeaderMap, name: string, value: string): void {
  const present = headers.get(name)
  if (present !== undefined) return headers.set(name, `${present},${value}`)
  let at = 0
  while (at < headers.list.length && (headers.list[at] as string).charCodeAt(0) === 0x3a) at += 2
  headers.list.splice(at, 0, name, value)
}
