/** Numbers as C++ prints them: `%g` and friends, which Envoy's text formats use. */

/** `%.<precision>g`: that many significant digits, without trailing zeros; `nan` and `inf` as in C. */
export function general(value: number, precision = 6): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  if (value === 0) return '0'
  const exponent = Number(value.toExponential(precision - 1).split('e')[1])
  if (exponent < -4 || exponent >= precision) {
    const [digits = '', power = ''] = value.toExponential(precision - 1).split('e')
    return `${withoutZeros(digits)}e${power[0]}${power.slice(1).padStart(2, '0')}`
  }
  return withoutZeros(value.toFixed(precision - 1 - exponent))
}

function withoutZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits
}

/** The shortest text that reads back as the same double, `1e+06` rather than `1000000`: `std::to_chars`. */
export function shortest(value: number): string {
  const plain = String(value)
  const [digits = '', power = ''] = value.toExponential().split('e')
  const scientific = `${digits}e${power[0]}${power.slice(1).padStart(2, '0')}`
  return scientific.length < plain.length ? scientific : plain
}
