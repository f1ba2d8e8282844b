/** Host functions that call upstream clusters. */
import { type HostFunctions, Status } from '../abi.ts'
import { HeaderMap } from '../../core/header-map.ts'
import { HttpCall, type HttpCallResponse } from '../http-call.ts'
import { decodePairs } from '../pairs.ts'
import { RootContext } from '../root-context.ts'
import type { WasmVm } from '../vm.ts'

/** Calls in flight of one root context; more are INTERNAL_FAILURE. */
const maxCalls = 10_000
/** Envoy's low bits of a token: 0 HTTP call, 1 gRPC call, 2 gRPC stream. */
const tokenStep = 4
const brokenConnection = 11

/** What `proxy_get_status` gives in the callback that is running. */
export interface CallStatus {
  code: number
  message: string
}

export function callFunctions(vm: WasmVm, status: CallStatus): HostFunctions {
  const { memory } = vm
  let lastToken = 0

  const respond = (root: RootContext, token: number, response: HttpCallResponse): void => {
    root.calls.delete(token)
    const { onHttpCallResponse } = vm.guest
    if (onHttpCallResponse === undefined || (vm.failed && !root.plugin.finishesStreams)) return
    root.callResponse = response
    if (response.headers === undefined) {
      status.code = brokenConnection
      status.message = 'reset'
    }
    const counts = [response.headers?.size ?? 0, response.body.length, response.trailers?.size ?? 0] as const
    vm.callGuest(root, onHttpCallResponse, root.id, token, counts[0], counts[1], counts[2])
    root.callResponse = undefined
    status.code = 0
    status.message = ''
  }

  return {
    proxy_http_call(
      clusterAt,
      clusterSize,
      headersAt,
      headersSize,
      bodyAt,
      bodySize,
      trailersAt,
      trailersSize,
      timeoutMs,
      tokenAt,
    ) {
      // biome-ignore format: the ABI's parameters, in its order
      const name = memory.copy(clusterAt, clusterSize)?.toString()
      const body = memory.copy(bodyAt, bodySize)
      headersAt >>>= 0
      trailersAt >>>= 0
      if (name === undefined || body === undefined) return Status.invalidMemoryAccess
      if (!memory.inBounds(headersAt, headersSize >>> 0) || !memory.inBounds(trailersAt, trailersSize >>> 0))
        return Status.invalidMemoryAccess
      const list = decodePairs(memory, headersAt, headersSize >>> 0)
      const trailers = decodePairs(memory, trailersAt, trailersSize >>> 0)
      const cluster = vm.host.clusters.get(name)
      if (list === undefined || trailers === undefined || cluster === undefined || timeoutMs < 0)
        return Status.badArgument
      const headers = requestHeaders(list)
      if (headers.path === '' || headers.method === '' || headers.authority === '') return Status.badArgument
      if (body.length > 0) headers.set('content-length', String(body.length))
      const context = vm.current
      const root = context instanceof RootContext ? context : context.root
      if (root === undefined || root.calls.size >= maxCalls) return Status.internalFailure
      lastToken += tokenStep
      const token = lastToken
      const written = memory.writeUint32(tokenAt, token)
      if (written !== Status.ok) return written
      const call = new HttpCall(response => respond(root, token, response))
      root.calls.set(token, call)
      call.start(cluster, {
        headers,
        body,
        trailers: trailers.length === 0 ? undefined : new HeaderMap(trailers),
        timeoutMs,
      })
      return Status.ok
    },

    proxy_get_status(codeAt, pointerAt, sizeAt) {
      return memory.writeUint32(codeAt, status.code) || memory.returnText(status.message, pointerAt, sizeAt)
    },
  }
}

/** Pseudo-headers first, `host` as `:authority`, and what Envoy adds to a call. */
function requestHeaders(list: readonly string[]): HeaderMap {
  const headers = HeaderMap.of({ ':authority': '', ':path': '', ':method': '', ':scheme': 'http' })
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] === 'host' ? ':authority' : (list[i] as string)
    if (name.startsWith(':')) headers.set(name, list[i + 1] as string)
    else headers.add(name, list[i + 1] as string)
  }
  headers.set('x-envoy-internal', 'true')
  return headers
}
