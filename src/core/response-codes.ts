/** Which counters a response's status has. Follows Envoy's `CodeStatsImpl`. */

/** The ends of `upstream_rq_…`: all, its class and itself; codes that HTTP does not know have no class. */
export function responseCodeNames(status: number): readonly string[] {
  if (status < 100 || status > 599) return ['completed', 'unknown']
  return ['completed', `${Math.floor(status / 100)}xx`, String(status)]
}
