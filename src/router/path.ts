/** Parts of `:path`. Follows Envoy's `PathUtil::removeQueryAndFragment`. */

export function withoutQuery(path: string): string {
  const query = path.indexOf('?')
  const end = query < 0 ? path.length : query
  const fragment = path.indexOf('#')
  return path.slice(0, fragment < 0 ? end : Math.min(end, fragment))
}

/** Every segment up to its first semicolon. */
export function withoutParameters(path: string): string {
  return path.includes(';') ? path.replace(/;[^/]*/g, '') : path
}
