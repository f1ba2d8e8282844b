/** From a listener message to a `Listener`: addresses, filter chain, access logs. */
import { configError } from '../config/position.ts'
import type { Listener as ListenerMessage, Address as AddressMessage } from '../config/v3.ts'
import { type Address, addressToString } from '../core/address.ts'
import { addressFromMessage } from '../network/address.ts'
import type { FactoryContext, ListenerFactoryContext } from '../core/extension.ts'
import { makeAccessLog } from '../extensions/access-loggers/common/make-access-log.ts'
import { type FilterChain, Listener } from '../listener/listener.ts'

const defaultBufferLimitBytes = 1024 * 1024
const defaultBacklog = 511

/** @throws ConfigError naming the field */
export function makeListener(message: ListenerMessage, parent: FactoryContext): Listener {
  const addresses = readAddresses(message)
  const first = addresses[0] as Address
  const statPrefix = message.statPrefix || addressToString(first).replaceAll(':', '_')
  const listenerStats = parent.stats.scope(`listener.${statPrefix}`)
  const context: ListenerFactoryContext = {
    ...parent,
    listenerName: message.name || addressToString(first),
    trafficDirection: message.trafficDirection,
    listenerMetadata: message.metadata?.filterMetadata,
    listenerStats,
  }
  return new Listener(
    {
      name: context.listenerName,
      metadata: message.metadata?.filterMetadata,
      addresses,
      perConnectionBufferLimitBytes: message.perConnectionBufferLimitBytes ?? defaultBufferLimitBytes,
      backlog: message.tcpBacklogSize ?? defaultBacklog,
      reusePort: (message.enableReusePort ?? true) && process.platform === 'linux',
      bindToPort: message.bindToPort ?? true,
      trafficDirection: message.trafficDirection,
      filterChain: makeFilterChain(message, context),
      accessLogs: message.accessLog.map(each => makeAccessLog(each, context)),
    },
    { workerIndex: parent.workerIndex, stats: listenerStats, shared: parent.shared, runtime: parent.runtime },
  )
}

function readAddresses(message: ListenerMessage): readonly Address[] {
  const read = (address: AddressMessage | undefined, at: object): Address => {
    if (address === undefined) throw configError(at, 'address', 'a listener needs an address')
    return addressFromMessage(address)
  }
  return [read(message.address, message), ...message.additionalAddresses.map(each => read(each.address, each))]
}

/** One chain serves all connections: matching comes with the listener filters. */
function makeFilterChain(message: ListenerMessage, context: ListenerFactoryContext): FilterChain {
  const [chain = message.defaultFilterChain, second] = message.filterChains
  if (chain === undefined) throw configError(message, 'filterChains', 'no filter chains specified')
  if (second !== undefined)
    throw configError(second, undefined, 'several filter chains are not supported by sluice yet: only one is')
  const factories = chain.filters.map((filter, index) => {
    const { factory, terminal } = context.extensions.networkFilter(filter, context)
    const last = index === chain.filters.length - 1
    if (terminal !== last)
      throw configError(
        filter,
        undefined,
        terminal
          ? `the terminal filter "${filter.name}" must be the last of its chain`
          : `"${filter.name}" is not terminal: a chain ends with a terminal filter, such as tcp_proxy or http_connection_manager`,
      )
    return factory
  })
  return {
    name: chain.name,
    metadata: chain.metadata?.filterMetadata,
    factories,
    tls:
      chain.transportSocket === undefined
        ? undefined
        : context.extensions.downstreamTransportSocket(chain.transportSocket, context),
    transportSocketConnectTimeoutMs: chain.transportSocketConnectTimeout ?? 0,
  }
}
