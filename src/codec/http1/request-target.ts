/** Request lines and targets (RFC 9112 §3), judged as Envoy's balsa parser and `ServerConnectionImpl::handlePath` do. */
import {
  codecError,
  invalidAuthority,
  invalidCharacters,
  invalidScheme,
  invalidUrl,
  type MessageError,
} from './errors.ts'

/** The methods that Envoy knows, each as one shared string. */
const methods = new Map(
  `ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH NOTIFY
OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK
UNSUBSCRIBE`
    .split(/\s+/)
    .map(method => [method, method]),
)

export interface RequestLine {
  readonly method: string
  readonly target: string
  /** 'low': anything but 1.0 and 1.1, even nothing. */
  readonly version: '1.1' | '1.0' | 'low'
}

const visible = /^[\x21-\x7e]+$/
const otherVersion = /^HTTP\/\d\.\d$/
// oxlint-disable-next-line no-control-regex
const control = /[\0-\x08\x0a-\x1f\x7f]/

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** @param line without CRLF  @param customMethods any token is a method */
export function parseRequestLine(line: string, customMethods: boolean): RequestLine | MessageError {
  const first = line.indexOf(' ')
  if (first < 0) return codecError
  const written = line.substring(0, first)
  const method = line.startsWith('GET ')
    ? 'GET'
    : (methods.get(written) ?? (customMethods && token.test(written) ? written : undefined))
  if (method === undefined) return codecError
  const second = line.indexOf(' ', first + 1)
  const target = second < 0 ? line.substring(first + 1) : line.substring(first + 1, second)
  if (!visible.test(target)) return control.test(target) ? invalidCharacters : codecError
  if (second < 0) return { method, target, version: 'low' }
  if (line.length === second + 9) {
    if (line.endsWith('HTTP/1.1')) return { method, target, version: '1.1' }
    if (line.endsWith('HTTP/1.0')) return { method, target, version: '1.0' }
    if (otherVersion.test(line.substring(second + 1))) return { method, target, version: 'low' }
  }
  return codecError
}

/** RFC 3986 reg-name, IPv4 or IPv6 literal, with an optional user and port: what Envoy lets through as authority. */
const authority = /^[-._~!$&'()*+,;=:@%[\]A-Za-z0-9]*$/

export function authorityIsValid(host: string): boolean {
  return authority.test(host)
}

const absolute = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/
const hostPort = /^(?:\[[0-9A-Fa-f:.]+\]|[^:[\]@/]+)(?::(\d{1,5}))?$/
const connectTarget = /^(?:\[[0-9A-Fa-f:.]+\]|[^:[\]@/]+):\d{1,5}$/

export interface AbsoluteTarget {
  readonly scheme: string
  readonly authority: string
  readonly path: string
}

export function parseAbsoluteTarget(target: string): AbsoluteTarget | MessageError {
  const parts = absolute.exec(target)
  if (parts === null) return invalidUrl
  const [, scheme = '', whole = '', path = ''] = parts
  const host = whole.substring(whole.lastIndexOf('@') + 1)
  const found = hostPort.exec(host)
  if (found === null || Number(found[1] ?? 0) > 65535) return invalidUrl
  const lowerScheme = scheme.toLowerCase()
  if (lowerScheme !== 'http' && lowerScheme !== 'https') return invalidScheme
  if (!authorityIsValid(host)) return invalidAuthority
  return { scheme: lowerScheme, authority: host, path: path === '' ? '/' : path }
}

export function connectTargetIsValid(target: string): boolean {
  return connectTarget.test(target) && Number(target.substring(target.lastIndexOf(':') + 1)) <= 65535
}
