//! What the filters of this workspace share: their configuration, addresses, and headers.
mod config;
mod ip;
mod protobuf_struct;

pub use config::Config;
pub use ip::IpRange;
use proxy_wasm::traits::HttpContext;

/// A request header, or "".
pub fn request_header(context: &dyn HttpContext, name: &str) -> String {
    context.get_http_request_header(name).unwrap_or_default()
}

/// The proxy's own idea of the client's address: `10.1.2.3:80`, `[2001:db8::1]:80`.
pub fn source_address(context: &dyn HttpContext) -> String {
    let bytes = context.get_property(vec!["source", "address"]).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `/health` holds `/health/live` and `/health?x`, not `/healthy`.
pub fn path_is_below(path: &str, prefix: &str) -> bool {
    let bare = path.split('?').next().unwrap_or_default();
    match bare.strip_prefix(prefix) {
        Some(rest) => rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

/// Takes as long for a wrong text as for the right one.
pub fn equals_constant_time(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut difference = u8::from(a.len() != b.len());
    for i in 0..b.len() {
        difference |= b[i] ^ a.get(i).copied().unwrap_or(0);
    }
    std::hint::black_box(difference) == 0
}
