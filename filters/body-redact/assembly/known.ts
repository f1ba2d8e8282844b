/** Patterns by name, and what a text must stand besides. */

/** Names of what `knownPattern` has. */
export const knownNames: string[] = ["credit_card", "email", "us_ssn", "iban", "ipv4", "jwt", "bearer"]

/** A pattern; "" for an unknown name. */
export function knownPattern(name: string): string {
  if (name == "credit_card") return "\\b\\d([ \\-]?\\d){12,18}\\b"
  if (name == "email") return "\\b[A-Za-z0-9][A-Za-z0-9._%+\\-]{0,63}@[A-Za-z0-9][A-Za-z0-9\\-]{0,62}(\\.[A-Za-z0-9\\-]{1,63}){0,3}\\.[A-Za-z]{2,24}\\b"
  if (name == "us_ssn") return "\\b\\d{3}-\\d{2}-\\d{4}\\b"
  if (name == "iban") return "\\b[A-Z]{2}\\d{2}( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,3})?\\b"
  if (name == "ipv4") return "\\b(25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}\\b"
  if (name == "jwt") return "\\beyJ[A-Za-z0-9_\\-]{8,1000}\\.eyJ[A-Za-z0-9_\\-]{2,2000}\\.[A-Za-z0-9_\\-]{0,700}"
  if (name == "bearer") return "(?i)\\bbearer [A-Za-z0-9._~+/\\-]{8,2000}=?=?"
  return ""
}

/** Is a match of the pattern one? Card numbers have a check digit (Luhn), IBANs a remainder (ISO 7064). */
export function passesCheck(name: string, from: usize, length: i32): bool {
  if (name == "credit_card") return luhn(from, length)
  return name == "iban" ? mod97(from, length) : true
}

function luhn(from: usize, length: i32): bool {
  let sum = 0
  let even = false
  for (let i = length - 1; i >= 0; i--) {
    let digit = <i32>load<u8>(from + i) - 0x30
    if (digit < 0 || digit > 9) continue
    if (even) {
      digit *= 2
      if (digit > 9) digit -= 9
    }
    sum += digit
    even = !even
  }
  return sum % 10 == 0
}

function mod97(from: usize, length: i32): bool {
  let rest = 0
  for (let i = 0; i < length; i++) {
    // The first four characters count last.
    const byte = <i32>load<u8>(from + ((i + 4) % length))
    if (byte == 0x20) continue
    const value = byte >= 0x41 ? byte - 0x37 : byte - 0x30
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest == 1
}
