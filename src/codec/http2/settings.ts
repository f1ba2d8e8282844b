/** What an HTTP/2 codec may be told, with Envoy's defaults. Follows `envoy.config.core.v3.Http2ProtocolOptions`. */
import { ConfigError } from '../../base/errors.ts'
import type { Http2ProtocolOptions } from '../../config/v3.ts'

export interface KeepaliveSettings {
  /** Between pings; 0 = none by time. */
  readonly intervalMs: number
  /** How long an answer may take. */
  readonly timeoutMs: number
  /** The interval is longer by a random part of up to so much of it. */
  readonly jitterPercent: number
  /** Clients: a connection that heard nothing for so long is pinged before its next request; 0 = never. */
  readonly idleIntervalMs: number
}

export interface Http2Settings {
  /** Of both directions. */
  readonly hpackTableBytes: number
  readonly huffman: boolean
  /** Servers: streams that the client may have open. Clients: streams that we open at most. */
  readonly maxConcurrentStreams: number
  readonly initialStreamWindowBytes: number
  readonly initialConnectionWindowBytes: number
  /** Extended CONNECT (RFC 8441) is offered. */
  readonly allowConnect: boolean
  /** Further SETTINGS: ids and values in turn. */
  readonly customSettings: readonly number[]
  readonly maxOutboundFrames: number
  /** PING and SETTINGS acknowledgements and RST_STREAM. */
  readonly maxOutboundControlFrames: number
  readonly maxConsecutiveEmptyFrames: number
  readonly maxPriorityFramesPerStream: number
  readonly maxWindowUpdatesPerDataFrame: number
  /** An invalid message costs its stream only, not the connection. */
  readonly streamErrorOnInvalidHttpMessage: boolean
  /** Servers: how many streams a client may reset at once, and so many more a second. */
  readonly streamResetBurst: number
  readonly streamResetsPerSecond: number
  /** METADATA frames are read, and written. */
  readonly allowMetadata: boolean
  /** Limit of what is unfinished of METADATA on one connection. */
  readonly maxMetadataBytes: number
  /** Limit of one name, and of one value, KiB. */
  readonly maxHeaderFieldKb: number
  readonly keepalive: KeepaliveSettings | undefined
  /** Limit of the names and values of one header block, KiB. */
  readonly maxHeadersKb: number
  /** Pseudo-headers count. */
  readonly maxHeadersCount: number
  readonly headersWithUnderscores: 'ALLOW' | 'REJECT_REQUEST' | 'DROP_HEADER'
  /** How long the end of a message may wait for the peer's window without any progress; 0 = for ever. */
  readonly flushTimeoutMs: number
}

export const defaultHttp2Settings: Http2Settings = {
  hpackTableBytes: 4096,
  huffman: true,
  maxConcurrentStreams: 1024,
  initialStreamWindowBytes: 16 * 1024 * 1024,
  initialConnectionWindowBytes: 24 * 1024 * 1024,
  allowConnect: false,
  customSettings: [],
  maxOutboundFrames: 10_000,
  maxOutboundControlFrames: 1000,
  maxConsecutiveEmptyFrames: 1,
  maxPriorityFramesPerStream: 100,
  maxWindowUpdatesPerDataFrame: 10,
  streamErrorOnInvalidHttpMessage: false,
  streamResetBurst: 1000,
  streamResetsPerSecond: 33,
  allowMetadata: false,
  maxMetadataBytes: 1024 * 1024,
  maxHeaderFieldKb: 64,
  keepalive: undefined,
  maxHeadersKb: 60,
  maxHeadersCount: 100,
  headersWithUnderscores: 'ALLOW',
  flushTimeoutMs: 300_000,
}

/** Envoy allows responses a bigger head than requests. */
export const defaultUpstreamHttp2Settings: Http2Settings = { ...defaultHttp2Settings, maxHeadersKb: 80 }

/** Settings that have a field of their own, or that peers must not be told. */
const ownField: Readonly<Record<number, string>> = {
  1: 'hpack_table_size',
  3: 'max_concurrent_streams',
  4: 'initial_stream_window_size',
  8: 'allow_connect',
}
const enablePush = 2

/**
 * The settings of a message, over the defaults of its side.
 * @throws ConfigError for custom settings parameters that contradict each other or a field
 */
export function http2Settings(options: Http2ProtocolOptions | undefined, defaults: Http2Settings): Http2Settings {
  if (options === undefined) return defaults
  const keepalive = options.connectionKeepalive
  return {
    ...defaults,
    hpackTableBytes: options.hpackTableSize ?? defaults.hpackTableBytes,
    huffman: options.enableHuffmanEncoding ?? defaults.huffman,
    maxConcurrentStreams: options.maxConcurrentStreams ?? defaults.maxConcurrentStreams,
    initialStreamWindowBytes: options.initialStreamWindowSize ?? defaults.initialStreamWindowBytes,
    initialConnectionWindowBytes: options.initialConnectionWindowSize ?? defaults.initialConnectionWindowBytes,
    allowConnect: options.allowConnect,
    customSettings: customSettings(options),
    maxOutboundFrames: options.maxOutboundFrames ?? defaults.maxOutboundFrames,
    maxOutboundControlFrames: options.maxOutboundControlFrames ?? defaults.maxOutboundControlFrames,
    maxConsecutiveEmptyFrames:
      options.maxConsecutiveInboundFramesWithEmptyPayload ?? defaults.maxConsecutiveEmptyFrames,
    maxPriorityFramesPerStream: options.maxInboundPriorityFramesPerStream ?? defaults.maxPriorityFramesPerStream,
    maxWindowUpdatesPerDataFrame:
      options.maxInboundWindowUpdateFramesPerDataFrameSent ?? defaults.maxWindowUpdatesPerDataFrame,
    streamErrorOnInvalidHttpMessage:
      options.overrideStreamErrorOnInvalidHttpMessage ??
      (options.streamErrorOnInvalidHttpMessaging || defaults.streamErrorOnInvalidHttpMessage),
    streamResetBurst: Number(options.streamResetBurst ?? defaults.streamResetBurst),
    streamResetsPerSecond: Number(options.streamResetRate ?? defaults.streamResetsPerSecond),
    allowMetadata: options.allowMetadata,
    maxMetadataBytes: Number(options.maxMetadataSize ?? defaults.maxMetadataBytes),
    maxHeaderFieldKb: options.maxHeaderFieldSizeKb ?? defaults.maxHeaderFieldKb,
    keepalive:
      keepalive === undefined
        ? undefined
        : {
            intervalMs: keepalive.interval ?? 0,
            timeoutMs: keepalive.timeout ?? 0,
            jitterPercent: keepalive.intervalJitter?.value ?? 15,
            idleIntervalMs: keepalive.connectionIdleInterval ?? 0,
          },
  }
}

function customSettings(options: Http2ProtocolOptions): number[] {
  const byId = new Map<number, number>()
  for (const { identifier = 0, value = 0 } of options.customSettingsParameters) {
    if (identifier === enablePush)
      throw new ConfigError('custom_settings_parameters: server push is not supported and ENABLE_PUSH cannot be set')
    const field = ownField[identifier]
    if (field !== undefined && namedField(options, identifier))
      throw new ConfigError(`custom_settings_parameters: identifier ${identifier} is set by ${field} already`)
    if (byId.has(identifier) && byId.get(identifier) !== value)
      throw new ConfigError(`custom_settings_parameters: identifier ${identifier} is set twice, to different values`)
    byId.set(identifier, value)
  }
  return [...byId].flat()
}

function namedField(options: Http2ProtocolOptions, identifier: number): boolean {
  switch (identifier) {
    case 1:
      return options.hpackTableSize !== undefined
    case 3:
      return options.maxConcurrentStreams !== undefined
    case 4:
      return options.initialStreamWindowSize !== undefined
    default:
      return options.allowConnect
  }
}
