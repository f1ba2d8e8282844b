/** Lists of tokens in `connection`, `upgrade` and `te`. */

/** Whether a comma-separated list has the (lower-case) token. */
export function hasToken(list: string, token: string): boolean {
  if (list === token) return true
  if (!list.includes(',')) return list.length === token.length && list.toLowerCase() === token
  for (const part of list.split(',')) if (part.trim().toLowerCase() === token) return true
  return false
}

/** Envoy's limits against abuse of the nominations. */
const maxNominated = 10
const maxTeLength = 256

/**
 * Removes the fields that `connection` nominates, in place, as Envoy's `Http::Utility::sanitizeConnectionHeader`.
 * @param fields name, value, …
 * @param connection all values of the field
 * @param upgrading of an upgrade all stay: it is for the upstream to judge
 * @returns false: the message is to be refused
 */
export function removeNominated(fields: string[], connection: string, upgrading: boolean): boolean {
  if (connection === 'keep-alive' || connection === 'close') return true
  const tokens = connection.split(',').map(part => part.trim().toLowerCase())
  if (tokens.length >= maxNominated) return false
  const kept: string[] = []
  const removed = new Set<string>()
  for (const token of tokens) {
    if (token === '') continue
    if (token === 'close' || token === 'keep-alive' || token === 'upgrade' || token === 'http2-settings') {
      kept.push(token)
      continue
    }
    if (token.startsWith('x-forwarded-') || token.startsWith(':') || token === 'host') return false
    if (upgrading) continue
    if (token === 'te' && !keepTrailersOnly(fields, removed)) return false
    else if (token !== 'te' && token !== 'connection') removed.add(token)
  }
  if (upgrading) return true
  const value = kept.length === tokens.length ? connection : kept.join(',')
  let to = 0
  let seen = false
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (removed.has(name)) continue
    if (name === 'connection') {
      if (seen || kept.length === 0) continue
      seen = true
      fields[to++] = name
      fields[to++] = value
      continue
    }
    fields[to++] = name
    fields[to++] = fields[i + 1] as string
  }
  fields.length = to
  return true
}

/** A nominated `te` stays only for `trailers`. */
function keepTrailersOnly(fields: string[], removed: Set<string>): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== 'te') continue
    const value = fields[i + 1] as string
    if (value.length >= maxTeLength) return false
    if (hasToken(value, 'trailers')) fields[i + 1] = 'trailers'
    else removed.add('te')
  }
  return true
}
