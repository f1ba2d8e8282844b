/** A stock filter in a host of the test's own: for very many inputs, where a proxy between would only be slow. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Call, encodePairs, FakeHost, type HostAnswer } from '../../sdk/test/support/fake-host.ts'

const notFound: HostAnswer = { status: 1 }
/** Numbers of the ABI's buffers and header maps. */
export const buffers = { requestBody: 0, responseBody: 1, downstream: 2, upstream: 3 } as const
const pluginConfiguration = 7

export type HeaderPairs = readonly (readonly [string, string])[]

export interface Seen {
  readonly result: number
  readonly calls: readonly Call[]
  readonly log: readonly string[]
}

export class FilterHost {
  readonly host: FakeHost
  /** By number of the map; 0 request, 2 response. */
  readonly headers = new Map<number, HeaderPairs>()
  readonly properties = new Map<string, string>()
  nowMs = Date.UTC(2030, 0, 1)
  #buffer: Uint8Array = new Uint8Array()
  #contexts = 1

  /** Loads the committed module. Throws with the log when it refuses the configuration. */
  constructor(name: string, configuration: unknown) {
    const file = join(import.meta.dirname, '..', name, `${name}.wasm`)
    this.host = new FakeHost(new Uint8Array(readFileSync(file)))
    const config = JSON.stringify(configuration)
    const { answers } = this.host
    answers.set('proxy_get_buffer_bytes', ([, type, start, length]) => {
      if (type === pluginConfiguration) return { data: config }
      // u32 arrives as i32: the largest stands for all of it.
      const count = Number(length) >>> 0
      return { data: this.#buffer.subarray(Number(start), Math.min(Number(start) + count, this.#buffer.length)) }
    })
    answers.set('proxy_get_buffer_status', () => ({ numbers: [this.#buffer.length, 0] }))
    answers.set('proxy_get_header_map_value', ([, map, key]) => {
      const value = this.headers.get(Number(map))?.find(([name]) => name === key)?.[1]
      return value === undefined ? notFound : { data: value }
    })
    answers.set('proxy_get_header_map_pairs', ([, map]) => ({ data: encodePairs(this.headers.get(Number(map)) ?? []) }))
    answers.set('proxy_get_property', ([, path]) => {
      const value = this.properties.get(String(path).replaceAll('\0', '.'))
      return value === undefined ? notFound : { data: value }
    })
    answers.set('proxy_get_current_time_nanoseconds', () => ({ numbers: [BigInt(this.nowMs) * 1_000_000n] }))
    answers.set('proxy_get_shared_data', notFound)
    answers.set('proxy_call_foreign_function', notFound)
    this.host.run('proxy_on_context_create', 1, 0)
    const { result, log } = this.host.run('proxy_on_configure', 1, config.length)
    assert.equal(result, 1, log.join('\n'))
  }

  /** A new stream or connection. */
  open(): number {
    this.host.run('proxy_on_context_create', ++this.#contexts, 1)
    return this.#contexts
  }

  /** One callback with bytes in the buffer. */
  data(callback: string, context: number, bytes: Uint8Array, end: boolean): Seen {
    this.#buffer = bytes
    return this.host.run(callback, context, bytes.length, end ? 1 : 0)
  }

  /** Request headers of a new stream, and its body at once. */
  request(headers: HeaderPairs, body?: Uint8Array | string): Seen {
    const context = this.open()
    this.headers.set(0, headers)
    const seen = this.host.run('proxy_on_request_headers', context, headers.length, body === undefined ? 1 : 0)
    if (body === undefined || seen.calls.some(([name]) => name === 'proxy_send_local_response'))
      return this.#close(context, seen)
    const more = this.data('proxy_on_request_body', context, Buffer.from(body), true)
    return this.#close(context, { ...more, calls: [...seen.calls, ...more.calls], log: [...seen.log, ...more.log] })
  }

  #close(context: number, seen: Seen): Seen {
    this.close(context)
    return seen
  }

  close(context: number): void {
    this.host.guest.proxy_on_done?.(context)
    this.host.guest.proxy_on_delete?.(context)
  }
}

/** Status and body of the local reply among these calls. */
export function localReply(seen: Seen): { status: number; body: string } | undefined {
  const call = seen.calls.find(([name]) => name === 'proxy_send_local_response')
  return call === undefined ? undefined : { status: Number(call[1]), body: String(call[3]) }
}

/** Cuts bytes at these places. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map(place => place % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
}
