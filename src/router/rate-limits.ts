/** `rate_limits`: the actions that make descriptors of a request. Follows Envoy's `source/common/router/router_ratelimit.cc`. */
import { attributeEnvironment } from '../attributes/attribute-source.ts'
import { ConfigError } from '../base/errors.ts'
import { toBytes } from '../base/latin1.ts'
import { compileCel, compileExpr } from '../cel/cel.ts'
import { printCel } from '../cel/cel-text.ts'
import { CelSyntaxError } from '../cel/syntax-error.ts'
import { configError } from '../config/position.ts'
import {
  Descriptor as ExprDescriptor,
  type MetadataKey,
  type RateLimit,
  type RateLimit_Action,
  type RateLimit_HitsAddend,
  type TypedExtensionConfig,
} from '../config/v3.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { RateLimitEntry, RateLimitInput } from '../core/rate-limit.ts'
import { headerContext } from '../format/header-parser.ts'
import { type Formatter, makeTextFormatter } from '../format/text-formatter.ts'
import { maskedAddress } from '../format/address-operators.ts'
import { makeCidrMatcher } from '../matching/cidr.ts'
import { httpInputs } from '../matching/match-inputs.ts'
import { makeHeaderMatcher } from '../matching/header-matcher.ts'
import { type MetadataSource, metadataValue } from '../matching/metadata-matcher.ts'
import { makeQueryParameterMatcher, queryParameter } from '../matching/query-parameter-matcher.ts'

/** An entry of the descriptor; 'skip': none, which is all right; undefined: then there is no descriptor. */
type Action = (input: RateLimitInput) => readonly [key: string, value: string] | 'skip' | undefined

/** Throws `ConfigError`. */
export function makeRateLimits(messages: readonly RateLimit[], context: FactoryContext): RateLimitEntry[] {
  return messages.map(message => makeEntry(message, context))
}

function makeEntry(message: RateLimit, context: FactoryContext): RateLimitEntry {
  const actions = message.actions.map(action => makeAction(action, context))
  const hits = makeHits(message, context)
  const rateLimitHeaders = message.xRatelimitOption === 'UNSPECIFIED' ? undefined : message.xRatelimitOption !== 'OFF'
  return {
    stage: message.stage ?? 0,
    disableKey: message.disableKey,
    onStreamDone: message.applyOnStreamDone,
    descriptor(input, withHits) {
      const entries: (readonly [string, string])[] = []
      for (const action of actions) {
        const entry = action(input)
        if (entry === undefined) return undefined
        if (entry !== 'skip') entries.push(entry)
      }
      if (entries.length === 0) return undefined
      const hitsAddend = withHits ? hits(input) : undefined
      return Number.isNaN(hitsAddend) ? undefined : { entries, hitsAddend, rateLimitHeaders }
    },
  }
}

/** A CEL expression, or an input of matchers whose name is the key. */
function makeExtension(message: TypedExtensionConfig, context: FactoryContext): Action {
  const any = message.typedConfig
  if (any === undefined) throw configError(message, 'typedConfig', 'is required')
  if (any.typeUrl === ExprDescriptor.typeUrl) return makeExpression(any.value as ExprDescriptor, context)
  const input = httpInputs[any.typeUrl]?.(any.value as object)
  if (input?.kind !== 'string')
    throw configError(message, 'typedConfig', `${any.typeUrl} is no rate limit descriptor that sluice has`)
  const key = toBytes(message.name)
  return ({ requestHeaders, streamInfo }) => {
    const value = input.get({ requestHeaders, streamInfo })
    if (typeof value !== 'string') return undefined
    return value === '' ? 'skip' : [key, value]
  }
}

function makeExpression(message: ExprDescriptor, context: FactoryContext): Action {
  const key = toBytes(message.descriptorKey)
  try {
    const environment = attributeEnvironment(context)
    const expression =
      message.parsed === undefined
        ? compileCel(message.text ?? '', environment)
        : compileExpr(message.parsed, environment)
    return ({ requestHeaders, streamInfo }) => {
      const source = { requestHeaders, streamInfo, responseHeaders: undefined, responseTrailers: undefined }
      const value = printCel(expression.evaluate(source))
      if (value === undefined) return message.skipIfError ? 'skip' : undefined
      return [key, value]
    }
  } catch (error) {
    throw error instanceof CelSyntaxError ? configError(message, 'text', error.message) : error
  }
}

/** NaN: the request does not say how much, so it does not count. */
function makeHits(message: RateLimit, context: FactoryContext): (input: RateLimitInput) => number | undefined {
  const addend = message.hitsAddend
  if (addend === undefined) return () => undefined
  const sign = addend.isNegativeHits ? -1 : 1
  if (addend.number !== undefined) {
    if (addend.format !== '') throw configError(addend, 'number', 'hits_addend takes number or format, not both')
    const hits = Number(addend.number) * sign
    return () => hits
  }
  if (addend.format === '') return () => undefined
  const format = makeHitsFormat(addend, context)
  return input => {
    const text = format(headerContext(input.requestHeaders, input.responseHeaders, input.streamInfo))
    return /^\d{1,10}$/.test(text) && Number(text) <= 1_000_000_000 ? Number(text) * sign : Number.NaN
  }
}

function makeAction(message: RateLimit_Action, context: FactoryContext): Action {
  if (message.sourceCluster !== undefined) {
    const value = toBytes(context.node.cluster)
    return () => ['source_cluster', value]
  }
  if (message.destinationCluster !== undefined)
    return ({ entry }) => (entry === undefined ? undefined : ['destination_cluster', entry.clusterName])
  if (message.requestHeaders !== undefined) {
    const { headerName, descriptorKey, skipIfAbsent } = message.requestHeaders
    const name = headerName.toLowerCase()
    const key = toBytes(descriptorKey)
    return ({ requestHeaders }) => {
      const value = requestHeaders.get(name)
      return value !== undefined ? [key, value] : skipIfAbsent ? 'skip' : undefined
    }
  }
  if (message.queryParameters !== undefined) {
    const { queryParameterName, descriptorKey, skipIfAbsent } = message.queryParameters
    const name = toBytes(queryParameterName)
    const key = toBytes(descriptorKey)
    return ({ requestHeaders }) => {
      const value = queryParameter(requestHeaders.path, name)
      return value !== undefined ? [key, percentDecoded(value)] : skipIfAbsent ? 'skip' : undefined
    }
  }
  if (message.remoteAddress !== undefined)
    return ({ streamInfo }) => {
      const address = streamInfo.downstreamRemoteAddress
      return address.kind === 'ip' ? ['remote_address', address.ip] : undefined
    }
  if (message.maskedRemoteAddress !== undefined) {
    const { v4PrefixMaskLen = 32, v6PrefixMaskLen = 128 } = message.maskedRemoteAddress
    return ({ streamInfo }) => {
      const address = streamInfo.downstreamRemoteAddress
      if (address.kind !== 'ip') return undefined
      const value = maskedAddress(address, address.version === 4 ? v4PrefixMaskLen : v6PrefixMaskLen)
      return value === undefined ? undefined : ['masked_remote_address', value]
    }
  }
  if (message.remoteAddressMatch !== undefined) {
    const { descriptorValue, descriptorKey, addressMatcher } = message.remoteAddressMatch
    const value = toBytes(descriptorValue)
    const key = toBytes(descriptorKey) || 'remote_address_match'
    const inRanges = makeCidrMatcher(addressMatcher?.ranges ?? [])
    const invert = addressMatcher?.invertMatch ?? false
    return input => {
      const address = input.streamInfo.downstreamRemoteAddress
      return address.kind === 'ip' && inRanges(address.ip) !== invert ? [key, value] : undefined
    }
  }
  if (message.genericKey !== undefined) {
    const { descriptorValue, descriptorKey } = message.genericKey
    const value = toBytes(descriptorValue)
    const key = toBytes(descriptorKey) || 'generic_key'
    return () => [key, value]
  }
  if (message.headerValueMatch !== undefined) {
    const { descriptorValue, descriptorKey, headers, expectMatch = true } = message.headerValueMatch
    const value = toBytes(descriptorValue)
    const key = toBytes(descriptorKey) || 'header_match'
    const predicates = headers.map(makeHeaderMatcher)
    return input =>
      predicates.every(matches => matches(input.requestHeaders)) === expectMatch ? [key, value] : undefined
  }
  if (message.queryParameterValueMatch !== undefined) {
    const { descriptorValue, descriptorKey, queryParameters, expectMatch = true } = message.queryParameterValueMatch
    const value = toBytes(descriptorValue)
    const key = toBytes(descriptorKey) || 'query_match'
    const predicates = queryParameters.map(makeQueryParameterMatcher)
    return input =>
      predicates.every(matches => matches(input.requestHeaders.path)) === expectMatch ? [key, value] : undefined
  }
  if (message.metadata !== undefined) {
    const { descriptorKey, metadataKey, defaultValue, source, skipIfAbsent } = message.metadata
    return fromMetadata(descriptorKey, metadataKey, defaultValue, skipIfAbsent, ({ streamInfo }) =>
      source === 'ROUTE_ENTRY' ? streamInfo.route?.metadata : streamInfo.dynamicMetadata,
    )
  }
  if (message.dynamicMetadata !== undefined) {
    const { descriptorKey, metadataKey, defaultValue } = message.dynamicMetadata
    return fromMetadata(descriptorKey, metadataKey, defaultValue, false, ({ streamInfo }) => streamInfo.dynamicMetadata)
  }
  if (message.extension !== undefined) return makeExtension(message.extension, context)
  throw configError(message, undefined, 'needs an action')
}

function makeHitsFormat(message: RateLimit_HitsAddend, context: FactoryContext): Formatter {
  try {
    return makeTextFormatter(message.format, context, true)
  } catch (error) {
    throw error instanceof ConfigError ? configError(message, 'format', error.reason) : error
  }
}

function fromMetadata(
  descriptorKey: string,
  metadataKey: MetadataKey | undefined,
  defaultValue: string,
  skipIfAbsent: boolean,
  source: (input: RateLimitInput) => MetadataSource,
): Action {
  const key = toBytes(descriptorKey)
  const namespace = metadataKey?.key ?? ''
  const path = metadataKey?.path.map(each => each.key ?? '') ?? []
  const absent = toBytes(defaultValue)
  return input => {
    const value = metadataValue(source(input), namespace, path)
    const text = typeof value === 'string' && value !== '' ? toBytes(value) : absent
    return text !== '' ? [key, text] : skipIfAbsent ? 'skip' : undefined
  }
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
