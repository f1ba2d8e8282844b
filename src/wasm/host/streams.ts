/** Host functions that steer a stream, and those on contexts. */
import { type HostFunctions, Status, StreamType } from '../abi.ts'
import { decodePairs } from '../pairs.ts'
import type { HeaderMap } from '../../core/header-map.ts'
import type { LocalReply } from '../../core/http-filter.ts'
import { RootContext } from '../root-context.ts'
import type { WasmVm } from '../vm.ts'

/** Others are no final responses, or no statuses. */
const minReplyStatus = 200
const maxStatus = 999

export function streamFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm
  const continueStream = (type: number): number => {
    vm.current.continueStream(type)
    return Status.ok
  }

  return {
    proxy_send_local_response(status, detailsAt, detailsSize, bodyAt, bodySize, headersAt, headersSize, grpcStatus) {
      const details = memory.text(detailsAt, detailsSize)
      const body = memory.copy(bodyAt, bodySize)
      if (details === undefined || body === undefined || !memory.inBounds(headersAt >>> 0, headersSize >>> 0))
        return Status.invalidMemoryAccess
      const headers = decodePairs(memory, headersAt >>> 0, headersSize >>> 0)
      if (headers === undefined || status < minReplyStatus || status > maxStatus) return Status.badArgument
      const reply: LocalReply = {
        status,
        body,
        details,
        modifyHeaders: target => addReplyHeaders(target, headers),
        ...(grpcStatus >= 0 && grpcStatus <= 16 ? { grpcStatus } : {}),
      }
      vm.current.sendLocalReply(reply)
      return Status.ok
    },

    proxy_continue_stream(type) {
      if (type === StreamType.upstream) return Status.unimplemented
      return type >>> 0 > StreamType.upstream ? Status.badArgument : continueStream(type)
    },
    proxy_continue_request: () => continueStream(StreamType.request),
    proxy_continue_response: () => continueStream(StreamType.response),

    proxy_close_stream(type) {
      if (type >>> 0 > StreamType.upstream) return Status.badArgument
      vm.current.closeStream(type)
      return Status.ok
    },

    proxy_clear_route_cache() {
      vm.current.clearRouteCache()
      return Status.ok
    },

    proxy_set_effective_context(id) {
      const context = id === 0 ? vm.called : vm.contexts.get(id)
      if (context === undefined) return Status.badArgument
      vm.current = context
      return Status.ok
    },

    proxy_done() {
      const context = vm.current
      if (!(context instanceof RootContext) || !context.awaitsDone) return Status.notFound
      vm.defer(context)
      return Status.ok
    },
  }
}

function addReplyHeaders(target: HeaderMap, headers: readonly string[]): void {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (name === 'content-type') target.set(name, headers[i + 1] as string)
    else target.add(name, headers[i + 1] as string)
  }
}
