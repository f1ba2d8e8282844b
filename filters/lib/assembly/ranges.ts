/** Lists of addresses in configurations. */
import { ConfigReader, IpRange } from "proxy-wasm-sdk-as/assembly"

/** Addresses and ranges of a member; what is none of them is a fault. */
export function ip_ranges(config: ConfigReader, key: string): IpRange[] {
  const texts = config.texts(key)
  const found: IpRange[] = []
  for (let i = 0; i < texts.length; i++) {
    const range = IpRange.parse(texts[i])
    if (range === null) config.fault(key + "[" + i.toString() + "]", "must be an address or a range such as 10.0.0.0/8")
    else found.push(range)
  }
  return found
}

/** Is the address (with port or without) in one of them? */
export function in_ranges(ranges: IpRange[], address: string): bool {
  for (let i = 0; i < ranges.length; i++) if (ranges[i].contains(address)) return true
  return false
}
