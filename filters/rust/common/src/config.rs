//! Reads a configuration (JSON, or a google.protobuf.Struct) and collects what is wrong with it: each fault with its path,
//! unknown members too.
use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::ip::IpRange;
use crate::protobuf_struct;

/// An object of the configuration. Members that are asked for without a default must be there.
pub struct Config {
    members: Map<String, Value>,
    path: String,
    asked: RefCell<Vec<String>>,
    faults: Rc<RefCell<Vec<String>>>,
}

impl Config {
    /// `bytes`: JSON, or a serialized google.protobuf.Struct; none are an empty object.
    pub fn parse(bytes: Option<Vec<u8>>) -> Config {
        let bytes = bytes.unwrap_or_default();
        let faults = Rc::new(RefCell::new(Vec::new()));
        let value = if bytes.is_empty() {
            Ok(Value::Object(Map::new()))
        } else {
            serde_json::from_slice(&bytes).or_else(|error| protobuf_struct::parse(&bytes).ok_or(error))
        };
        let value = value.unwrap_or_else(|error| {
            faults.borrow_mut().push(format!("it is no JSON: {error}"));
            Value::Object(Map::new())
        });
        Config::new(value, String::new(), faults)
    }

    fn new(value: Value, path: String, faults: Rc<RefCell<Vec<String>>>) -> Config {
        let mut config = Config { members: Map::new(), path, asked: RefCell::default(), faults };
        match value {
            Value::Object(members) => config.members = members,
            _ => config.fault("", "must be an object"),
        }
        config
    }

    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// A text that must be there and not be empty.
    pub fn text(&self, key: &str) -> String {
        match self.find(key) {
            None => self.fault(key, "is missing: a text must stand here"),
            Some(Value::String(text)) if !text.is_empty() => return text.clone(),
            Some(_) => self.fault(key, "must be a text that is not empty"),
        }
        String::new()
    }

    pub fn text_or(&self, key: &str, absent: &str) -> String {
        match self.find(key) {
            None => return absent.into(),
            Some(Value::String(text)) => return text.clone(),
            Some(_) => self.fault(key, "must be a text"),
        }
        absent.into()
    }

    /// One of several texts, the first of which holds where none is given.
    pub fn choice(&self, key: &str, choices: &[&str]) -> String {
        let text = self.text_or(key, choices[0]);
        if !choices.contains(&text.as_str()) {
            self.fault(key, &format!("must be one of: {}", choices.join(", ")));
        }
        text
    }

    /// A whole number within bounds; `absent` where none is given.
    pub fn integer(&self, key: &str, least: i64, most: i64, absent: i64) -> i64 {
        let Some(member) = self.find(key) else { return absent };
        if let Some(number) = member.as_f64() {
            if number.trunc() == number && number >= least as f64 && number <= most as f64 {
                return number as i64;
            }
        }
        self.fault(key, &format!("must be a whole number from {least} to {most}"));
        absent
    }

    pub fn flag(&self, key: &str, absent: bool) -> bool {
        match self.find(key) {
            None => return absent,
            Some(Value::Bool(value)) => return *value,
            Some(_) => self.fault(key, "must be true or false"),
        }
        absent
    }

    /// A list of texts; empty where none is given.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let items = match self.find(key) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.fault(key, "must be a list");
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for (i, item) in items.iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text.clone()),
                _ => self.fault(&format!("{key}[{i}]"), "must be a text"),
            }
        }
        texts
    }

    /// A list of addresses and ranges; empty where none is given.
    pub fn ranges(&self, key: &str) -> Vec<IpRange> {
        let mut ranges = Vec::new();
        for (i, text) in self.texts(key).iter().enumerate() {
            match IpRange::parse(text) {
                Some(range) => ranges.push(range),
                None => self.fault(&format!("{key}[{i}]"), "must be an address or a range such as 10.0.0.0/8"),
            }
        }
        ranges
    }

    /// An object; an empty one where none is given. `read` asks it for its members.
    pub fn object<T>(&self, key: &str, read: impl FnOnce(&Config) -> T) -> T {
        let value = self.find(key).cloned().unwrap_or_else(|| Value::Object(Map::new()));
        let child = Config::new(value, self.path_of(key), self.faults.clone());
        let result = read(&child);
        child.tell_unknown();
        result
    }

    /// Says what is wrong with a member, for checks of the filter's own. `key`: "" for the object itself.
    pub fn fault(&self, key: &str, reason: &str) {
        let path = self.path_of(key);
        let path = if path.is_empty() { "the configuration" } else { &path };
        self.faults.borrow_mut().push(format!("{path} {reason}"));
    }

    /// To return from `on_configure`: true when nothing is wrong; otherwise logs the faults.
    pub fn accept(&self) -> bool {
        self.tell_unknown();
        let faults = self.faults.borrow();
        for fault in faults.iter() {
            log::error!("bad configuration: {fault}");
        }
        faults.is_empty()
    }

    fn tell_unknown(&self) {
        let asked = self.asked.borrow();
        for key in self.members.keys().filter(|key| !asked.contains(key)) {
            self.fault(key, &format!("is unknown; there is: {}", asked.join(", ")));
        }
    }

    fn find(&self, key: &str) -> Option<&Value> {
        let mut asked = self.asked.borrow_mut();
        if !asked.iter().any(|known| known == key) {
            asked.push(key.into());
        }
        self.members.get(key).filter(|value| !value.is_null())
    }

    fn path_of(&self, key: &str) -> String {
        let separator = if self.path.is_empty() || key.is_empty() { "" } else { "." };
        format!("{}{separator}{key}", self.path)
    }
}
