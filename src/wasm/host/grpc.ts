/** Host functions on gRPC calls and streams. Callbacks run on the root context, as those of HTTP calls do. */
import { type HostFunctions, Status } from '../abi.ts'
import type { Cluster } from '../../core/cluster.ts'
import { GrpcStatus } from '../../core/grpc.ts'
import { type GrpcEvents, GrpcStream } from '../../grpc/client-stream.ts'
import { headerName, isHeaderValue } from '../header-names.ts'
import { decodePairs } from '../pairs.ts'
import type { RootContext } from '../root-context.ts'
import type { WasmVm } from '../vm.ts'
import type { CallStatus } from './calls.ts'
import { readFields } from './foreign-arguments.ts'

/** Envoy's low bits of a token: 0 HTTP call, 1 gRPC call, 2 gRPC stream. */
const tokenStep = 4
const callBits = 1
const streamBits = 2

interface Target {
  readonly cluster: Cluster
  readonly authority: string
  readonly metadata: readonly string[]
}

export function grpcFunctions(vm: WasmVm, status: CallStatus): HostFunctions {
  const { memory } = vm
  let lastCall = callBits
  let lastStream = streamBits

  /** The guest is told, unless it is dead. */
  const tell = (
    root: RootContext,
    callback: (...parameters: number[]) => number,
    token: number,
    value: number,
  ): void => {
    if (!vm.failed || root.plugin.finishesStreams) vm.callGuest(root, callback, root.id, token, value)
  }

  const close = (root: RootContext, token: number, code: number, message: string): void => {
    const { onGrpcClose } = vm.guest
    if (onGrpcClose !== undefined) {
      status.code = code
      status.message = message
      tell(root, onGrpcClose, token, code)
      status.code = 0
      status.message = ''
    }
    root.calls.delete(token)
  }

  const receive = (root: RootContext, token: number, message: Uint8Array): void => {
    const { onGrpcReceive } = vm.guest
    if (onGrpcReceive === undefined) return
    root.grpcMessage = message
    tell(root, onGrpcReceive, token, message.length)
    root.grpcMessage = undefined
  }

  /** One answer, or a status. */
  const callEvents = (root: RootContext, token: number): GrpcEvents => {
    let answer: Uint8Array | undefined
    return {
      onInitialMetadata() {},
      onMessage: message => void (answer = Buffer.from(message)),
      onTrailingMetadata() {},
      onClose(code, message) {
        if (code !== GrpcStatus.ok) return close(root, token, code, message)
        if (answer === undefined) return close(root, token, GrpcStatus.internal, '')
        root.calls.delete(token)
        receive(root, token, answer)
      },
    }
  }

  const streamEvents = (root: RootContext, token: number): GrpcEvents => ({
    onInitialMetadata(headers) {
      const { onGrpcReceiveInitialMetadata } = vm.guest
      if (onGrpcReceiveInitialMetadata === undefined) return
      root.grpcInitialMetadata = headers
      tell(root, onGrpcReceiveInitialMetadata, token, headers?.size ?? 0)
      root.grpcInitialMetadata = undefined
    },
    onMessage: message => receive(root, token, message),
    onTrailingMetadata(trailers) {
      const { onGrpcReceiveTrailingMetadata } = vm.guest
      if (onGrpcReceiveTrailingMetadata === undefined) return
      root.grpcTrailingMetadata = trailers
      tell(root, onGrpcReceiveTrailingMetadata, token, trailers?.size ?? 0)
      root.grpcTrailingMetadata = undefined
    },
    onClose: (code, message) => close(root, token, code, message),
  })

  /** The name of a cluster, or a serialized `GrpcService` with `envoy_grpc` (1) and `initial_metadata` (5). */
  const target = (upstream: Buffer): Target | undefined => {
    const name = upstream.toString()
    const cluster = vm.host.clusters.get(name)
    if (cluster !== undefined) return { cluster, authority: name, metadata: [] }
    const service = readFields(upstream)
    const envoyGrpc = service && readFields(service.bytes(1))
    const configured = envoyGrpc && vm.host.clusters.get(envoyGrpc.text(1))
    if (configured === undefined) return undefined
    const metadata = service?.messages(5).flatMap(headerValue) ?? []
    return { cluster: configured, authority: envoyGrpc?.text(2) || configured.info.name, metadata }
  }

  const start = (
    kind: 'call' | 'stream',
    [
      upstreamAt,
      upstreamSize,
      serviceAt,
      serviceSize,
      methodAt,
      methodSize,
      metadataAt,
      metadataSize,
    ]: readonly number[],
    timeoutMs: number,
    tokenAt: number,
  ): GrpcStream | number => {
    const upstream = memory.copy(upstreamAt as number, upstreamSize as number)
    const service = memory.text(serviceAt as number, serviceSize as number)
    const method = memory.text(methodAt as number, methodSize as number)
    const pairsAt = (metadataAt as number) >>> 0
    const pairsSize = (metadataSize as number) >>> 0
    if (upstream === undefined || service === undefined || method === undefined || !memory.inBounds(pairsAt, pairsSize))
      return Status.invalidMemoryAccess
    const metadata = decodePairs(memory, pairsAt, pairsSize)
    if (metadata === undefined || !isPathPart(service) || !isPathPart(method) || timeoutMs < 0)
      return Status.badArgument
    const found = target(upstream)
    if (found === undefined) return Status.parseFailure
    const root = vm.current.rootContext
    if (root === undefined) return Status.internalFailure
    const isCall = kind === 'call'
    const token = isCall ? (lastCall += tokenStep) : (lastStream += tokenStep)
    const written = memory.writeUint32(tokenAt, token)
    if (written !== Status.ok) return written
    const stream = new GrpcStream(isCall ? callEvents(root, token) : streamEvents(root, token))
    root.calls.set(token, stream)
    stream.start(found.cluster, {
      service,
      method,
      authority: found.authority,
      metadata: [...found.metadata, ...metadata],
      timeoutMs,
    })
    return stream
  }

  const find = (token: number): GrpcStream | undefined => {
    const call = vm.current.rootContext?.calls.get(token)
    return call instanceof GrpcStream ? call : undefined
  }

  return {
    proxy_grpc_call(...parameters) {
      const [messageAt, messageSize, timeoutMs, tokenAt] = [
        parameters[8],
        parameters[9],
        parameters[10],
        parameters[11],
      ] as const
      const message = memory.copy(messageAt, messageSize)
      if (message === undefined) return Status.invalidMemoryAccess
      const stream = start('call', parameters, timeoutMs, tokenAt)
      if (typeof stream === 'number') return stream
      stream.send(message, true)
      return Status.ok
    },

    proxy_grpc_stream(...parameters) {
      const stream = start('stream', parameters, 0, parameters[8])
      return typeof stream === 'number' ? stream : Status.ok
    },

    proxy_grpc_send(token, messageAt, messageSize, endStream) {
      if ((token & (tokenStep - 1)) !== streamBits) return Status.badArgument
      const message = memory.copy(messageAt, messageSize)
      if (message === undefined) return Status.invalidMemoryAccess
      const stream = find(token)
      if (stream === undefined) return Status.notFound
      return stream.send(message, endStream !== 0) ? Status.ok : Status.internalFailure
    },

    proxy_grpc_cancel(token) {
      if (!isGrpcToken(token)) return Status.badArgument
      const stream = find(token)
      if (stream === undefined) return Status.notFound
      stream.cancel()
      vm.current.rootContext?.calls.delete(token)
      return Status.ok
    },

    proxy_grpc_close(token) {
      if (!isGrpcToken(token)) return Status.badArgument
      const stream = find(token)
      if (stream === undefined) return Status.notFound
      if ((token & (tokenStep - 1)) === streamBits) stream.closeLocal()
      else {
        stream.cancel()
        vm.current.rootContext?.calls.delete(token)
      }
      return Status.ok
    },
  }
}

/** `HeaderValue`: key 1, value 2, raw_value 3. Nothing for what cannot be sent. */
function headerValue(message: Uint8Array): string[] {
  const fields = readFields(message)
  if (fields === undefined) return []
  const key = Buffer.from(fields.bytes(1))
  const value = Buffer.from(fields.bytes(3).length > 0 ? fields.bytes(3) : fields.bytes(2))
  const name = headerName(key, 0, key.length)
  return name === '' || !isHeaderValue(value, 0, value.length) ? [] : [name, value.toString('latin1')]
}

function isGrpcToken(token: number): boolean {
  const bits = token & (tokenStep - 1)
  return bits === callBits || bits === streamBits
}

/** Visible ASCII: what may stand in a path. */
function isPathPart(text: string): boolean {
  return /^[\x21-\x7e]*$/.test(text)
}
