/** The inputs of unified matchers. Follows Envoy's `source/common/http/matching/inputs.h` and `source/extensions/matching`. */
import { isIP } from 'node:net'
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import {
  ApplicationProtocolInput,
  DestinationIPInput,
  DestinationPortInput,
  DirectSourceIPInput,
  DnsSanInput,
  DynamicMetadataInput,
  EnvironmentVariableInput,
  FilterStateInput,
  HttpRequestHeaderMatchInput,
  HttpRequestQueryParamMatchInput,
  HttpRequestTrailerMatchInput,
  HttpResponseHeaderMatchInput,
  HttpResponseStatusCodeClassMatchInput,
  HttpResponseStatusCodeMatchInput,
  HttpResponseTrailerMatchInput,
  ServerNameInput,
  SourceIPInput,
  SourcePortInput,
  SourceTypeInput,
  SubjectInput,
  TransportProtocolInput,
  UriSanInput,
} from '../config/v3.ts'
import type { Address } from '../core/address.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { type CertificateInfo, filterStateOf } from '../core/stream-info.ts'
import { type Input, type InputTable, insufficientData, type MatchData } from './match-data.ts'
import { metadataValue } from './metadata-matcher.ts'
import { queryParameter } from './query-parameter-matcher.ts'

/** Of a connection. */
const connectionInputs: InputTable = {
  [DestinationIPInput.typeUrl]: () => text(data => ipOf(data.streamInfo.downstream.localAddress)),
  [DestinationPortInput.typeUrl]: () => text(data => portOf(data.streamInfo.downstream.localAddress)),
  [SourceIPInput.typeUrl]: () => text(data => ipOf(data.streamInfo.downstreamRemoteAddress)),
  [SourcePortInput.typeUrl]: () => text(data => portOf(data.streamInfo.downstreamRemoteAddress)),
  [DirectSourceIPInput.typeUrl]: () => text(data => ipOf(data.streamInfo.downstream.directRemoteAddress)),
  [SourceTypeInput.typeUrl]: () => text(data => (isLocal(data) ? 'local' : undefined)),
  [ServerNameInput.typeUrl]: () => text(data => data.streamInfo.downstream.requestedServerName || undefined),
  [UriSanInput.typeUrl]: () => ofPeer(peer => peer.uriSans.join(',')),
  [DnsSanInput.typeUrl]: () => ofPeer(peer => peer.dnsSans.join(',')),
  [SubjectInput.typeUrl]: () => ofPeer(peer => peer.subject),
  [FilterStateInput.typeUrl]: message => filterState(message as FilterStateInput),
  [EnvironmentVariableInput.typeUrl]: message => environmentVariable(message as EnvironmentVariableInput),
}

export const networkInputs: InputTable = {
  ...connectionInputs,
  [TransportProtocolInput.typeUrl]: () => text(data => data.transportProtocol || undefined),
  [ApplicationProtocolInput.typeUrl]: () =>
    text(data => data.applicationProtocols?.map(each => `'${each}'`).join(',') || undefined),
}

/** What a route table may ask, as in Envoy. */
export const routeInputs: InputTable = {
  [FilterStateInput.typeUrl]: message => filterState(message as FilterStateInput),
  [EnvironmentVariableInput.typeUrl]: message => environmentVariable(message as EnvironmentVariableInput),
  [HttpRequestHeaderMatchInput.typeUrl]: message =>
    header((message as HttpRequestHeaderMatchInput).headerName, data => data.requestHeaders),
}

export const httpInputs: InputTable = {
  ...connectionInputs,
  ...routeInputs,
  [HttpRequestTrailerMatchInput.typeUrl]: message =>
    header((message as HttpRequestTrailerMatchInput).headerName, data => data.requestTrailers),
  [HttpResponseHeaderMatchInput.typeUrl]: message =>
    header((message as HttpResponseHeaderMatchInput).headerName, data => data.responseHeaders),
  [HttpResponseTrailerMatchInput.typeUrl]: message =>
    header((message as HttpResponseTrailerMatchInput).headerName, data => data.responseTrailers),
  [HttpRequestQueryParamMatchInput.typeUrl]: message => {
    const name = toBytes((message as HttpRequestQueryParamMatchInput).queryParam)
    return text(data => {
      const path = data.requestHeaders?.get(':path')
      if (data.requestHeaders === undefined) return insufficientData
      return path === undefined ? undefined : decode(queryParameter(path, name))
    })
  },
  [HttpResponseStatusCodeMatchInput.typeUrl]: () =>
    text(data => (data.responseHeaders === undefined ? insufficientData : data.responseHeaders.get(':status'))),
  [HttpResponseStatusCodeClassMatchInput.typeUrl]: () =>
    text(data => {
      if (data.responseHeaders === undefined) return insufficientData
      const { status } = data.responseHeaders
      return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : undefined
    }),
  [DynamicMetadataInput.typeUrl]: message => {
    const { filter, path } = message as DynamicMetadataInput
    const keys = path.map(each => each.key ?? '')
    return { kind: 'metadata', get: data => metadataValue(data.streamInfo.dynamicMetadata, filter, keys) }
  },
}

function text(get: (data: MatchData) => string | undefined | typeof insufficientData): Input {
  return { kind: 'string', get }
}

/** All values of the name, with commas. */
function header(headerName: string, from: (data: MatchData) => HeaderMap | undefined): Input {
  const lower = headerName.toLowerCase()
  const name = lower === 'host' ? ':authority' : lower
  return text(data => {
    const headers = from(data)
    if (headers === undefined) return insufficientData
    let value: string | undefined
    const { list } = headers
    for (let i = 0; i < list.length; i += 2)
      if (list[i] === name) value = value === undefined ? list[i + 1] : `${value},${list[i + 1] as string}`
    return value
  })
}

function ofPeer(get: (peer: CertificateInfo) => string): Input {
  return text(data => {
    const peer = data.streamInfo.downstream.tls?.peerChain[0]
    return peer === undefined ? undefined : toBytes(get(peer)) || undefined
  })
}

function filterState(message: FilterStateInput): Input {
  const { key, field } = message
  if (field !== '') throw configError(message, 'field', 'is not supported by sluice')
  return text(data => {
    const value = filterStateOf(data.streamInfo, key)?.serializeAsString()
    return value === undefined ? undefined : toBytes(value)
  })
}

/** As it is when the configuration is read. */
function environmentVariable({ name }: EnvironmentVariableInput): Input {
  const value = process.env[name]
  const bytes = value === undefined ? undefined : toBytes(value)
  return text(() => bytes)
}

function ipOf(address: Address): string | undefined {
  return address.kind === 'ip' ? address.ip : undefined
}

function portOf(address: Address): string | undefined {
  return address.kind === 'ip' ? String(address.port) : undefined
}

/** From this machine: over loopback, or from the address that it came to. */
function isLocal(data: MatchData): boolean {
  const remote = data.streamInfo.downstreamRemoteAddress
  const local = data.streamInfo.downstream.localAddress
  if (remote.kind !== 'ip') return false
  if (isIP(remote.ip) === 4 ? remote.ip.startsWith('127.') : remote.ip === '::1') return true
  return local.kind === 'ip' && local.ip === remote.ip
}

function decode(value: string | undefined): string | undefined {
  return value?.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
