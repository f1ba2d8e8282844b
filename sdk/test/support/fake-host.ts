/**
 * A host that records what a module calls and answers what a test says, to see exactly what the SDK makes of the ABI.
 * Instantiates in plain WebAssembly.
 */
import assert from 'node:assert/strict'

/**
 * Parameters of the host functions: `n` number, `N` 64-bit number, `t` bytes (pointer, size), `p` headers (pointer, size),
 * `r` place for returned bytes (pointer and size), `u` place for a u32, `U` place for a u64.
 */
const signatures: Readonly<Record<string, string>> = {
  proxy_log: 'nt',
  proxy_get_log_level: 'u',
  proxy_get_status: 'ur',
  proxy_set_tick_period_milliseconds: 'n',
  proxy_get_current_time_nanoseconds: 'U',
  proxy_get_property: 'tr',
  proxy_set_property: 'tt',
  proxy_continue_stream: 'n',
  proxy_close_stream: 'n',
  proxy_send_local_response: 'nttpn',
  proxy_get_shared_data: 'tru',
  proxy_set_shared_data: 'ttn',
  proxy_register_shared_queue: 'tu',
  proxy_resolve_shared_queue: 'ttu',
  proxy_dequeue_shared_queue: 'nr',
  proxy_enqueue_shared_queue: 'nt',
  proxy_get_header_map_value: 'ntr',
  proxy_add_header_map_value: 'ntt',
  proxy_replace_header_map_value: 'ntt',
  proxy_remove_header_map_value: 'nt',
  proxy_get_header_map_pairs: 'nr',
  proxy_set_header_map_pairs: 'np',
  proxy_get_header_map_size: 'nu',
  proxy_get_buffer_bytes: 'nnnr',
  proxy_get_buffer_status: 'nuu',
  proxy_set_buffer_bytes: 'nnnt',
  proxy_http_call: 'tptpnu',
  proxy_grpc_call: 'tttptnu',
  proxy_grpc_stream: 'tttpu',
  proxy_grpc_send: 'ntn',
  proxy_grpc_cancel: 'n',
  proxy_grpc_close: 'n',
  proxy_define_metric: 'ntu',
  proxy_increment_metric: 'nN',
  proxy_record_metric: 'nN',
  proxy_get_metric: 'nU',
  proxy_set_effective_context: 'n',
  proxy_done: '',
  proxy_call_foreign_function: 'ttr',
}

type Argument = string | number | bigint | readonly (readonly [string, string])[]
export type Call = readonly [string, ...Argument[]]

export interface HostAnswer {
  readonly status?: number
  /** Text is UTF-8. */
  readonly data?: string | Uint8Array
  /** For `u` and `U`, in order. */
  readonly numbers?: readonly (number | bigint)[]
}

type Guest = Readonly<Record<string, (...parameters: number[]) => number>>

export class FakeHost {
  readonly guest: Guest
  readonly memory: WebAssembly.Memory
  /** What the module called since `take`, `proxy_log` excepted. */
  calls: Call[] = []
  /** What it logged since `takeLog`, with the level in front. */
  log: string[] = []
  /** By host function. Otherwise OK, and no bytes and 0 where something is returned. */
  readonly answers = new Map<string, HostAnswer | ((call: Call) => HostAnswer)>()

  constructor(code: Uint8Array<ArrayBuffer>) {
    const env = Object.fromEntries(
      Object.keys(signatures).map(name => [name, (...parameters: (number | bigint)[]) => this.#call(name, parameters)]),
    )
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env })
    this.guest = exports as unknown as Guest
    this.memory = exports.memory as WebAssembly.Memory
    this.guest._initialize?.()
  }

  /** Calls an export and returns what the module asked of the host meanwhile. */
  run(name: string, ...parameters: number[]): { result: number; calls: Call[]; log: string[] } {
    this.calls = []
    this.log = []
    const entry = this.guest[name]
    assert.ok(entry, `the module exports ${name}`)
    const result = entry(...parameters)
    return { result, calls: this.calls, log: this.log }
  }

  #call(name: string, parameters: (number | bigint)[]): number {
    const call: [string, ...Argument[]] = [name]
    const places: [kind: string, at: number][] = []
    let next = 0
    const number = (): number => Number(parameters[next++])
    for (const kind of signatures[name] as string) {
      if (kind === 'n') call.push(number())
      else if (kind === 'N') call.push(parameters[next++] as bigint)
      else if (kind === 't') call.push(this.#bytes(number(), number()).toString())
      else if (kind === 'p') call.push(decodePairs(this.#bytes(number(), number())))
      else {
        const at = number()
        places.push([kind, at])
        // The SDK has pointer and size side by side.
        if (kind === 'r') assert.equal(number(), at + 4)
      }
    }
    assert.equal(next, parameters.length, name)
    if (name === 'proxy_log') {
      this.log.push(call.slice(1).join(' '))
      return 0
    }
    this.calls.push(call)
    const said = this.answers.get(name)
    const { status = 0, data = '', numbers = [] } = typeof said === 'function' ? said(call) : (said ?? {})
    if (status !== 0) return status
    let index = 0
    for (const [kind, at] of places) {
      if (kind === 'r') this.#return(typeof data === 'string' ? Buffer.from(data) : data, at)
      else if (kind === 'u') this.#view().setUint32(at, Number(numbers[index++] ?? 0), true)
      else this.#view().setBigUint64(at, BigInt(numbers[index++] ?? 0), true)
    }
    return 0
  }

  #view(): DataView {
    return new DataView(this.memory.buffer)
  }

  #bytes(at: number, size: number): Buffer {
    return Buffer.from(Buffer.from(this.memory.buffer, at, size))
  }

  /** Nothing is a null pointer, as Envoy does it. */
  #return(data: Uint8Array, at: number): void {
    const pointer = data.length === 0 ? 0 : (this.guest.malloc as (size: number) => number)(data.length)
    new Uint8Array(this.memory.buffer).set(data, pointer)
    this.#view().setUint32(at, pointer, true)
    this.#view().setUint32(at + 4, data.length, true)
  }
}

export function encodePairs(pairs: readonly (readonly [string, string])[]): Buffer {
  const sizes = Buffer.alloc(4 + 8 * pairs.length)
  sizes.writeUInt32LE(pairs.length, 0)
  const texts: Buffer[] = []
  for (const [index, part] of pairs.flat().entries()) {
    const bytes = Buffer.from(part)
    sizes.writeUInt32LE(bytes.length, 4 + 4 * index)
    texts.push(bytes, Buffer.alloc(1))
  }
  return Buffer.concat([sizes, ...texts])
}

function decodePairs(bytes: Buffer): [string, string][] {
  if (bytes.length === 0) return []
  const count = bytes.readUInt32LE(0)
  const parts: string[] = []
  let at = 4 + 8 * count
  for (let i = 0; i < 2 * count; i++) {
    const size = bytes.readUInt32LE(4 + 4 * i)
    parts.push(bytes.toString('utf8', at, at + size))
    assert.equal(bytes[at + size], 0, 'names and values end in NUL')
    at += size + 1
  }
  assert.equal(at, bytes.length, 'nothing follows the last pair')
  return Array.from({ length: count }, (_, i) => [parts[2 * i] as string, parts[2 * i + 1] as string])
}
