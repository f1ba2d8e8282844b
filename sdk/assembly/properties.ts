/** Properties: what the proxy knows of the stream, by path. Envoy calls them attributes. */
import * as host from './host'
import { WasmResultValues } from './enums'
import { HeaderSnapshot } from './headers'
import { beginCall, encode, encodedSize, outPointer, outSize, takeBytes, takeString } from './memory'

/** A path from its parts; the ABI separates them by NUL. */
export function property_path(parts: string[]): string {
  return parts.join('\0')
}

function find(path: string): bool {
  beginCall()
  const at = encode(path)
  return host.proxy_get_property(at, encodedSize, outPointer, outSize) == WasmResultValues.Ok
}

/** The value as the ABI has it; empty when there is none. @param path parts separated by NUL */
export function get_property(path: string): ArrayBuffer {
  return find(path) ? takeBytes() : new ArrayBuffer(0)
}

/** The value, or null when there is none. */
export function get_property_bytes(path: string): ArrayBuffer | null {
  return find(path) ? takeBytes() : null
}

/** A text, or null when there is none. */
export function get_property_string(path: string): string | null {
  return find(path) ? takeString() : null
}

/** A whole number, time or duration (nanoseconds); `absent` when there is none. */
export function get_property_i64(path: string, absent: i64 = 0): i64 {
  return find(path) && load<usize>(outSize) == 8 ? load<i64>(load<usize>(outPointer)) : absent
}

/** The same, unsigned. */
export function get_property_u64(path: string, absent: u64 = 0): u64 {
  return find(path) && load<usize>(outSize) == 8 ? load<u64>(load<usize>(outPointer)) : absent
}

/** A number of metadata (a double); `absent` when there is none. */
export function get_property_f64(path: string, absent: f64 = 0): f64 {
  return find(path) && load<usize>(outSize) == 8 ? load<f64>(load<usize>(outPointer)) : absent
}

/** A yes or no; `absent` when there is none. */
export function get_property_bool(path: string, absent: bool = false): bool {
  return find(path) && load<usize>(outSize) == 1 ? load<u8>(load<usize>(outPointer)) != 0 : absent
}

/** A map of texts, such as `request\0headers`; empty when there is none. */
export function get_property_map(path: string): HeaderSnapshot {
  return new HeaderSnapshot(get_property(path))
}

/** Sets filter state that later filters read as `get_property(path)`. Not in root contexts. */
export function set_property(path: string, data: ArrayBuffer): WasmResultValues {
  beginCall()
  const at = encode(path)
  return host.proxy_set_property(at, encodedSize, changetype<usize>(data), data.byteLength)
}

/** `set_property` of a text. */
export function set_property_string(path: string, value: string): WasmResultValues {
  beginCall()
  const at = encode(path)
  const size = encodedSize
  const data = encode(value)
  return host.proxy_set_property(at, size, data, encodedSize)
}

function text(path: string): string {
  return find(path) ? takeString() : ''
}

/** Getters of what every stream has. Texts are "" and numbers 0 where the proxy has no value. */
export namespace properties {
  /** Of the request. In response callbacks only time, size and duration remain, in `onLog` all are there. */
  export namespace request {
    /** Path with the query. */
    export function path(): string {
      return text('request\0path')
    }
    /** Path without the query. */
    export function url_path(): string {
      return text('request\0url_path')
    }
    /** Query without the question mark. */
    export function query(): string {
      return text('request\0query')
    }
    /** The `host` or `:authority` header. */
    export function host(): string {
      return text('request\0host')
    }
    /** `http` or `https`. */
    export function scheme(): string {
      return text('request\0scheme')
    }
    /** `GET`, `POST`, … */
    export function method(): string {
      return text('request\0method')
    }
    /** One header; several of the name are joined by commas. */
    export function header(name: string): string {
      return text('request\0headers\0' + name)
    }
    /** The `referer` header. */
    export function referer(): string {
      return text('request\0referer')
    }
    /** The `user-agent` header. */
    export function useragent(): string {
      return text('request\0useragent')
    }
    /** `x-request-id`. */
    export function id(): string {
      return text('request\0id')
    }
    /** `HTTP/1.1`, `HTTP/2`, … */
    export function protocol(): string {
      return text('request\0protocol')
    }
    /** When its first byte came: nanoseconds since 1970. */
    export function time(): i64 {
      return get_property_i64('request\0time')
    }
    /** Nanoseconds from start to end; in `onLog`. */
    export function duration(): i64 {
      return get_property_i64('request\0duration')
    }
    /** Bytes of the body. */
    export function size(): i64 {
      return get_property_i64('request\0size')
    }
    /** Bytes of headers and body. */
    export function total_size(): i64 {
      return get_property_i64('request\0total_size')
    }
  }

  /** Of the response. */
  export namespace response {
    /** The status code; 0 before there is one. */
    export function code(): i64 {
      return get_property_i64('response\0code')
    }
    /** Why the response is what it is: `via_upstream`, `route_not_found`, … */
    export function code_details(): string {
      return text('response\0code_details')
    }
    /** Response flags as bits. */
    export function flags(): i64 {
      return get_property_i64('response\0flags')
    }
    /** The gRPC status, -1 when there is none. */
    export function grpc_status(): i64 {
      return get_property_i64('response\0grpc_status', -1)
    }
    /** One header; several of the name are joined by commas. */
    export function header(name: string): string {
      return text('response\0headers\0' + name)
    }
    /** One trailer; several of the name are joined by commas. */
    export function trailer(name: string): string {
      return text('response\0trailers\0' + name)
    }
    /** Bytes of the body. */
    export function size(): i64 {
      return get_property_i64('response\0size')
    }
    /** Bytes of headers, body and trailers. */
    export function total_size(): i64 {
      return get_property_i64('response\0total_size')
    }
    /** Nanoseconds that the upstream took. */
    export function backend_latency(): i64 {
      return get_property_i64('response\0backend_latency')
    }
  }

  /** The client. */
  export namespace source {
    /** `10.0.0.1:4711`. */
    export function address(): string {
      return text('source\0address')
    }
    /** Its port. */
    export function port(): i64 {
      return get_property_i64('source\0port')
    }
  }

  /** Where the client connected to. */
  export namespace destination {
    /** `10.0.0.2:443`. */
    export function address(): string {
      return text('destination\0address')
    }
    /** The port. */
    export function port(): i64 {
      return get_property_i64('destination\0port')
    }
  }

  /** The client's connection. */
  export namespace connection {
    /** The connection's number in its proxy. */
    export function id(): u64 {
      return get_property_u64('connection\0id')
    }
    /** Did the client show a certificate? */
    export function mtls(): bool {
      return get_property_bool('connection\0mtls')
    }
    /** The server name that the client asked for (SNI). */
    export function requested_server_name(): string {
      return text('connection\0requested_server_name')
    }
    /** `TLSv1.3`, … */
    export function tls_version(): string {
      return text('connection\0tls_version')
    }
    /** Subject of the client's certificate. */
    export function subject_peer_certificate(): string {
      return text('connection\0subject_peer_certificate')
    }
    /** First URI among the alternative names of the client's certificate. */
    export function uri_san_peer_certificate(): string {
      return text('connection\0uri_san_peer_certificate')
    }
    /** First DNS name among the alternative names of the client's certificate. */
    export function dns_san_peer_certificate(): string {
      return text('connection\0dns_san_peer_certificate')
    }
    /** SHA-256 of the client's certificate, hexadecimal. */
    export function sha256_peer_certificate_digest(): string {
      return text('connection\0sha256_peer_certificate_digest')
    }
    /** Why the proxy closed the connection. */
    export function termination_details(): string {
      return text('connection\0termination_details')
    }
  }

  /** The host that the request went to. */
  export namespace upstream {
    /** `10.0.0.3:8080`. */
    export function address(): string {
      return text('upstream\0address')
    }
    /** Its port. */
    export function port(): i64 {
      return get_property_i64('upstream\0port')
    }
    /** The proxy's end of the connection to it. */
    export function local_address(): string {
      return text('upstream\0local_address')
    }
    /** `TLSv1.3`, … */
    export function tls_version(): string {
      return text('upstream\0tls_version')
    }
    /** Why the connection failed, TLS faults for instance. */
    export function transport_failure_reason(): string {
      return text('upstream\0transport_failure_reason')
    }
    /** How often the request was sent: 1 without retries. */
    export function request_attempt_count(): i64 {
      return get_property_i64('upstream\0request_attempt_count')
    }
  }

  /** Names of the configuration. */
  export namespace xds {
    /** The proxy's `node.id`. */
    export function node_id(): string {
      return text('xds\0node\0id')
    }
    /** The proxy's `node.cluster`. */
    export function node_cluster(): string {
      return text('xds\0node\0cluster')
    }
    /** The proxy's `node.locality.zone`. */
    export function node_zone(): string {
      return text('xds\0node\0locality\0zone')
    }
    /** The cluster that the request goes to. */
    export function cluster_name(): string {
      return text('xds\0cluster_name')
    }
    /** The name of the route that matched. */
    export function route_name(): string {
      return text('xds\0route_name')
    }
    /** The name of the virtual host that matched. */
    export function virtual_host_name(): string {
      return text('xds\0virtual_host_name')
    }
    /** The name of the listener's filter chain. */
    export function filter_chain_name(): string {
      return text('xds\0filter_chain_name')
    }
    /** 0 unspecified, 1 inbound, 2 outbound. */
    export function listener_direction(): i64 {
      return get_property_i64('xds\0listener_direction')
    }
    /** A text in the route's metadata, by filter name and key. */
    export function route_metadata(filter: string, key: string): string {
      return text('xds\0route_metadata\0filter_metadata\0' + filter + '\0' + key)
    }
  }

  /** A text in the stream's dynamic metadata, by filter name and key. */
  export function metadata(filter: string, key: string): string {
    return text('metadata\0filter_metadata\0' + filter + '\0' + key)
  }

  /** Filter state of any filter, as text. */
  export function filter_state(key: string): string {
    return text('filter_state\0' + key)
  }

  /** `name` of the plugin in the configuration. */
  export function plugin_name(): string {
    return text('plugin_name')
  }

  /** `root_id` of the plugin. */
  export function plugin_root_id(): string {
    return text('plugin_root_id')
  }

  /** `vm_id` of the plugin's VM. */
  export function plugin_vm_id(): string {
    return text('plugin_vm_id')
  }
}
