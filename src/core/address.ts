/** Socket addresses, after `envoy.config.core.v3.Address`. Plain data. */
export type Address =
  | { readonly kind: 'ip'; readonly ip: string; readonly port: number; readonly version: 4 | 6 }
  | { readonly kind: 'pipe'; readonly path: string; readonly mode?: number }
  | { readonly kind: 'internal'; readonly listener: string }

/** Envoy's spelling: `1.2.3.4:80`, `[::1]:80`, a path, `envoy://name`. */
export function addressToString(address: Address): string {
  if (address.kind === 'ip')
    return address.version === 6 ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`
  return address.kind === 'pipe' ? address.path : `envoy://${address.listener}/`
}
