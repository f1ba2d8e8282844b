/** Drives streams through a module in plain WebAssembly, with a host that only answers: for leaks and for measuring. */
import { encodePairs } from './fake-host.ts'

const headers = encodePairs([
  [':authority', 'example.com'],
  [':path', '/a/b/c?d=e'],
  [':method', 'GET'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['cookie', `session=${'0123456789abcdef'.repeat(300)}`],
])
const body = Buffer.from(JSON.stringify({ items: Array.from({ length: 40 }, (_, id) => ({ id, name: `name ${id}` })) }))
const value = Buffer.from('/a/b/c?d=e')

export interface StreamsResult {
  /** Bytes of memory after the first tenth and at the end. */
  readonly early: number
  readonly late: number
  readonly nanosecondsPerStream: number
}

/** @param open streams that are open at the same time */
export function runStreams(code: Uint8Array<ArrayBuffer>, count: number, open: number): StreamsResult {
  const module = new WebAssembly.Module(code)
  let memory: WebAssembly.Memory
  let malloc: (size: number) => number
  const give = (data: Uint8Array, pointerAt: number, sizeAt: number): number => {
    const pointer = malloc(data.length)
    new Uint8Array(memory.buffer).set(data, pointer)
    const view = new DataView(memory.buffer)
    view.setUint32(pointerAt, pointer, true)
    view.setUint32(sizeAt, data.length, true)
    return 0
  }
  const answers: Record<string, (...parameters: number[]) => number> = {
    proxy_get_header_map_value: (_map, _name, _size, pointerAt = 0, sizeAt = 0) => give(value, pointerAt, sizeAt),
    proxy_get_header_map_pairs: (_map, pointerAt = 0, sizeAt = 0) => give(headers, pointerAt, sizeAt),
    proxy_get_buffer_bytes: (_type, _start, _length, pointerAt = 0, sizeAt = 0) => give(body, pointerAt, sizeAt),
    proxy_get_property: () => 1,
  }
  const env = Object.fromEntries(
    WebAssembly.Module.imports(module).map(({ name }) => [name, answers[name] ?? ((): number => 0)]),
  )
  const guest = new WebAssembly.Instance(module, { env }).exports as unknown as Record<
    string,
    ((...parameters: number[]) => number) | undefined
  >
  memory = guest.memory as unknown as WebAssembly.Memory
  malloc = guest.malloc as (size: number) => number
  guest._initialize?.()
  guest.proxy_on_context_create?.(1, 0)
  guest.proxy_on_configure?.(1, 10)
  let early = 0
  const begin = performance.now()
  for (let id = 2; id < count + 2; id++) {
    guest.proxy_on_context_create?.(id, 1)
    guest.proxy_on_request_headers?.(id, 5, 1)
    guest.proxy_on_response_headers?.(id, 5, 0)
    guest.proxy_on_response_body?.(id, body.length, 1)
    if (id >= open + 2) {
      guest.proxy_on_log?.(id - open)
      guest.proxy_on_done?.(id - open)
      guest.proxy_on_delete?.(id - open)
    }
    if (id === Math.floor(count / 10)) early = memory.buffer.byteLength
  }
  const nanosecondsPerStream = ((performance.now() - begin) * 1e6) / count
  return { early, late: memory.buffer.byteLength, nanosecondsPerStream }
}
