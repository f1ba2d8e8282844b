//! The filter `ip-block` in Rust: refuses clients by address or by country. Allowed addresses go before denied ones.
use std::rc::Rc;

use common::{request_header, source_address, Config, IpRange};
use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel, MetricType};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(IpBlockRoot::default()));
}}

#[derive(Default)]
struct Settings {
    deny: Vec<IpRange>,
    allow: Vec<IpRange>,
    country_header: String,
    deny_countries: Vec<String>,
    allow_countries: Vec<String>,
    allow_others: bool,
    status: u32,
    body: String,
    denied: u32,
}

fn countries(config: &Config, key: &str) -> Vec<String> {
    let texts = config.texts(key);
    for (i, text) in texts.iter().enumerate() {
        if text.len() != 2 {
            config.fault(&format!("{key}[{i}]"), "must be a country's two letters (ISO 3166-1)");
        }
    }
    texts.iter().map(|text| text.to_uppercase()).collect()
}

#[derive(Default)]
struct IpBlockRoot {
    settings: Rc<Settings>,
}

impl Context for IpBlockRoot {}

impl RootContext for IpBlockRoot {
    fn on_configure(&mut self, _size: usize) -> bool {
        let config = Config::parse(self.get_plugin_configuration());
        let mut settings = Settings {
            deny: config.ranges("deny"),
            allow: config.ranges("allow"),
            deny_countries: countries(&config, "deny_countries"),
            allow_countries: countries(&config, "allow_countries"),
            country_header: config.text_or("country_header", ""),
            allow_others: config.choice("others", &["allow", "deny"]) == "allow",
            status: config.integer("status", 400, 599, 403) as u32,
            body: config.text_or("body", "not from there\n"),
            denied: 0,
        };
        if settings.deny_countries.len() + settings.allow_countries.len() > 0 && settings.country_header.is_empty() {
            let reason = "is missing: the header in which a geo-location filter or edge tells the country";
            config.fault("country_header", reason);
        }
        if !config.accept() {
            return false;
        }
        match hostcalls::define_metric(MetricType::Counter, "ip_block_denied") {
            Ok(id) => settings.denied = id,
            Err(_) => return false,
        }
        self.settings = Rc::new(settings);
        true
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(IpBlock { settings: self.settings.clone() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct IpBlock {
    settings: Rc<Settings>,
}

impl IpBlock {
    fn is_allowed(&self) -> bool {
        let settings = &self.settings;
        let address = source_address(self);
        if settings.allow.iter().any(|range| range.contains(&address)) {
            return true;
        }
        if settings.deny.iter().any(|range| range.contains(&address)) {
            return false;
        }
        if !settings.country_header.is_empty() {
            let country = request_header(self, &settings.country_header).to_uppercase();
            if settings.allow_countries.contains(&country) {
                return true;
            }
            if settings.deny_countries.contains(&country) {
                return false;
            }
        }
        settings.allow_others
    }
}

impl Context for IpBlock {}

impl HttpContext for IpBlock {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        if self.is_allowed() {
            return Action::Continue;
        }
        let settings = &self.settings;
        // A counter that was defined can be counted.
        let _ = hostcalls::increment_metric(settings.denied, 1);
        self.send_http_response(settings.status, vec![("content-type", "text/plain")], Some(settings.body.as_bytes()));
        Action::Pause
    }
}
