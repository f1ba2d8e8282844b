/** Data and queues that all VMs of a vm_id share, over all workers of the proxy. */
import * as host from './host'
import { WasmResultValues } from './enums'
import { beginCall, encode, encodedSize, outNumber, outPointer, outSize, takeBytes } from './memory'

/** What `get_shared_data` answers. */
export class GetSharedData {
  /** Null unless the result is Ok. */
  value: ArrayBuffer | null = null
  /** NotFound: nobody set the key. */
  result: WasmResultValues = WasmResultValues.Ok
  /** To give to `set_shared_data`: it then fails when somebody else was faster. */
  cas: u32 = 0
}

/** Reads shared data; NotFound when nobody set the key. */
export function get_shared_data(key: string): GetSharedData {
  const shared = new GetSharedData()
  beginCall()
  const k = encode(key)
  shared.result = host.proxy_get_shared_data(k, encodedSize, outPointer, outSize, outNumber)
  if (shared.result == WasmResultValues.Ok) {
    shared.cas = load<u32>(outNumber)
    shared.value = takeBytes()
  }
  return shared
}

/** Sets shared data. @param cas of the value it replaces: CasMismatch when that changed; 0 sets in any case */
export function set_shared_data(key: string, value: ArrayBuffer, cas: u32 = 0): WasmResultValues {
  beginCall()
  const k = encode(key)
  return host.proxy_set_shared_data(k, encodedSize, changetype<usize>(value), value.byteLength, cas)
}

/** The number of a queue, or why there is none. */
export class TokenSharedQueueResult {
  /** NotFound: nobody registered it. */
  result: WasmResultValues = WasmResultValues.Ok
  /** Names the queue in the other functions and in `onQueueReady`. */
  token: u32 = 0
}

/** Makes a queue, or takes over the one of that name: its root context's `onQueueReady` is called from now on. */
export function register_shared_queue(queue_name: string): TokenSharedQueueResult {
  const queue = new TokenSharedQueueResult()
  beginCall()
  const name = encode(queue_name)
  queue.result = host.proxy_register_shared_queue(name, encodedSize, outNumber)
  if (queue.result == WasmResultValues.Ok) queue.token = load<u32>(outNumber)
  return queue
}

/** Finds a queue that somebody registered. @param vm_id of theirs; "" for the own */
export function resolve_shared_queue(vm_id: string, queue_name: string): TokenSharedQueueResult {
  const queue = new TokenSharedQueueResult()
  beginCall()
  const vm = encode(vm_id)
  const vmSize = encodedSize
  const name = encode(queue_name)
  queue.result = host.proxy_resolve_shared_queue(vm, vmSize, name, encodedSize, outNumber)
  if (queue.result == WasmResultValues.Ok) queue.token = load<u32>(outNumber)
  return queue
}

/** What `dequeue_shared_queue` answers. */
export class DequeueSharedQueueResult {
  /** Empty when nothing waits. */
  result: WasmResultValues = WasmResultValues.Ok
  /** Null unless the result is Ok. */
  data: ArrayBuffer | null = null
}

/** Takes the oldest item out of a queue. */
export function dequeue_shared_queue(token: u32): DequeueSharedQueueResult {
  const item = new DequeueSharedQueueResult()
  beginCall()
  item.result = host.proxy_dequeue_shared_queue(token, outPointer, outSize)
  if (item.result == WasmResultValues.Ok) item.data = takeBytes()
  return item
}

/** Puts an item into a queue. */
export function enqueue_shared_queue(token: u32, data: ArrayBuffer): WasmResultValues {
  return host.proxy_enqueue_shared_queue(token, changetype<usize>(data), data.byteLength)
}
