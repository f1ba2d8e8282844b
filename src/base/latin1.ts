/**
 * Header values are byte strings: one character a byte. Text of the configuration is not, so whatever of it meets a
 * header (to be compared or sent) goes through `toBytes` once, when the configuration is read.
 */

/** The UTF-8 bytes of a text, one character a byte. */
export function toBytes(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** The text whose UTF-8 bytes these are; bytes that are no UTF-8 become U+FFFD. */
export function toText(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
