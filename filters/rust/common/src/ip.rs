//! Addresses and ranges, IPv4 and IPv6.
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

pub struct IpRange {
    bits: u128,
    mask: u128,
}

impl IpRange {
    /// `10.0.0.0/8`, `2001:db8::/32`, or one address.
    pub fn parse(text: &str) -> Option<IpRange> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(most);
        if length > most {
            return None;
        }
        let mask = u128::MAX.checked_shl(most - length).unwrap_or(0);
        // An IPv4 address is one of IPv6's; its prefix counts from there.
        let mask = if address.is_ipv4() { mask | (u128::MAX << 32) } else { mask };
        Some(IpRange { bits: bits(address) & mask, mask })
    }

    /// `10.1.2.3`, `10.1.2.3:80`, `2001:db8::1`, `[2001:db8::1]:80`
    pub fn contains(&self, address: &str) -> bool {
        let ip = address.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| address.parse());
        ip.is_ok_and(|ip| bits(ip) & self.mask == self.bits)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => Ipv6Addr::to_bits(v6),
    }
}

#[cfg(test)]
mod tests {
    use super::IpRange;

    #[test]
    fn ranges_hold_their_addresses() {
        let contains = |range: &str, address: &str| IpRange::parse(range).unwrap().contains(address);
        assert!(contains("10.0.0.0/8", "10.255.0.1:80"));
        assert!(contains("0.0.0.0/0", "1.2.3.4"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("2001:db8::/32", "[2001:db8::1]:443"));
        assert!(contains("::/0", "10.0.0.1"));
        assert!(!contains("10.0.0.1", "10.0.0.2"));
        assert!(IpRange::parse("10.0.0.0/33").is_none());
        assert!(IpRange::parse("10.0.0").is_none());
    }
}
