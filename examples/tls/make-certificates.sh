#!/bin/sh
# Makes what envoy.yaml names, in the folder given (examples/tls/certificates without one): a CA, two certificates of
# servers and one of a client. Needs the openssl command. For trying things out, not for production.
set -eu
dir=${1:-$(dirname "$0")/certificates}
mkdir -p "$dir"
cd "$dir"

key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null ||
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

key ca
openssl req -x509 -new -key ca.key -out ca.pem -days 365 -subj '/CN=Example CA'

# name, subject alternative names
sign() {
  key "$1"
  openssl req -new -key "$1.key" -out "$1.csr" -subj "/CN=$1"
  printf 'subjectAltName=%s\n' "$2" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$1.pem" -days 90 -extfile "$1.ext" 2>/dev/null
  rm "$1.csr" "$1.ext"
}
sign www DNS:www.example.com
sign api 'DNS:api.example.com,DNS:*.api.example.com'
sign proxy URI:spiffe://example.com/proxy
echo "certificates are in $(pwd)"
