/** The page that a browser gets: its script looks for a number whose hash has enough zero bits and keeps it in a cookie. */

/** Reads what it needs from the body's data attributes, so that it is the same for all and a CSP can name its hash. */
export const script = `(() => {
  const { challenge, bits, cookie } = document.body.dataset
  const K = []
  for (let n = 2; K.length < 64; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (prime) K.push((Math.cbrt(n) * 4294967296) | 0)
  }
  const rotate = (x, n) => (x >>> n) | (x << (32 - n))
  const zeros = text => {
    const words = []
    const length = text.length
    for (let i = 0; i < length; i++) words[i >> 2] |= text.charCodeAt(i) << (24 - (i & 3) * 8)
    words[length >> 2] |= 128 << (24 - (length & 3) * 8)
    const size = (((length + 8) >> 6) + 1) * 16
    words[size - 1] = length * 8
    let H = [1779033703, -1150833019, 1013904242, -1521486534, 1359893119, -1694144372, 528734635, 1541459225]
    const w = []
    for (let block = 0; block < size; block += 16) {
      let [a, b, c, d, e, f, g, h] = H
      for (let i = 0; i < 64; i++) {
        if (i < 16) w[i] = words[block + i] | 0
        else {
          const x = w[i - 15]
          const y = w[i - 2]
          const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
          const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
          w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0
        }
        const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0
        const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
        h = g
        g = f
        f = e
        e = (d + t1) | 0
        d = c
        c = b
        b = a
        a = (t1 + t2) | 0
      }
      H = [a, b, c, d, e, f, g, h].map((value, i) => (value + H[i]) | 0)
    }
    return H[0] === 0 ? 32 : Math.clz32(H[0])
  }
  let number = 0
  const search = () => {
    for (let i = 0; i < 4000; i++, number++)
      if (zeros(challenge + '.' + number) >= bits) {
        document.cookie = cookie.replace('=', '=' + challenge + '.' + number)
        if (document.cookie.includes(challenge)) location.reload()
        else document.getElementById('m').textContent = 'Please allow cookies and load this page again.'
        return
      }
    setTimeout(search, 0)
  }
  search()
})()`

/** @param cookie `name=; attributes` */
export function page(title: string, message: string, challenge: string, bits: i32, cookie: string): string {
  return (
    '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><meta name="robots" content="noindex"><title>' +
    escape(title) + '</title></head>\n<body data-challenge="' + escape(challenge) + '" data-bits="' + bits.toString() + '" data-cookie="' +
    escape(cookie) + '">\n<p id="m">' + escape(message) + "</p>\n<noscript><p>This page needs JavaScript.</p></noscript>\n<script>" +
    script + "</script>\n</body>\n</html>\n"
  )
}

function escape(text: string): string {
  // Not replaceAll: AssemblyScript's writes past its memory when a text grows to more than twice its length.
  return text.split("&").join("&amp;").split("<").join("&lt;").split('"').join("&quot;")
}
