//! Reads a serialized google.protobuf.Struct: what Envoy hands to a filter whose configuration is a Struct.
use serde_json::{Map, Number, Value};

const MAX_DEPTH: u32 = 64;

/// None: the bytes are none.
pub fn parse(bytes: &[u8]) -> Option<Value> {
    object(bytes, 0)
}

fn object(mut bytes: &[u8], depth: u32) -> Option<Value> {
    let mut members = Map::new();
    while !bytes.is_empty() {
        if varint(&mut bytes)? != 0x0a {
            return None;
        }
        let mut entry = inner(&mut bytes)?;
        let (mut key, mut value) = (String::new(), Value::Null);
        while !entry.is_empty() {
            match varint(&mut entry)? {
                0x0a => key = text(&mut entry)?,
                0x12 => value = message(inner(&mut entry)?, depth)?,
                _ => return None,
            }
        }
        members.insert(key, value);
    }
    Some(Value::Object(members))
}

/// A google.protobuf.Value.
fn message(mut bytes: &[u8], depth: u32) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut value = Value::Null;
    while !bytes.is_empty() {
        value = match varint(&mut bytes)? {
            0x08 => varint(&mut bytes).map(|_| Value::Null)?,
            0x11 => {
                let (number, rest) = bytes.split_first_chunk::<8>()?;
                bytes = rest;
                Value::Number(Number::from_f64(f64::from_le_bytes(*number))?)
            }
            0x1a => Value::String(text(&mut bytes)?),
            0x20 => Value::Bool(varint(&mut bytes)? != 0),
            0x2a => object(inner(&mut bytes)?, depth + 1)?,
            0x32 => {
                let mut list = inner(&mut bytes)?;
                let mut items = Vec::new();
                while !list.is_empty() {
                    if varint(&mut list)? != 0x0a {
                        return None;
                    }
                    items.push(message(inner(&mut list)?, depth + 1)?);
                }
                Value::Array(items)
            }
            _ => return None,
        };
    }
    Some(value)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn inner<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(bytes)?).ok()?;
    let (inner, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(inner)
}

fn text(bytes: &mut &[u8]) -> Option<String> {
    String::from_utf8(inner(bytes)?.to_vec()).ok()
}
