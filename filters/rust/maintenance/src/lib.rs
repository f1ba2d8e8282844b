//! The filter `maintenance` in Rust: answers everything with a page while work is going on, but for some paths, addresses
//! and who knows a secret header.
use std::rc::Rc;

use common::{equals_constant_time, path_is_below, request_header, source_address, Config, IpRange};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(MaintenanceRoot::default()));
}}

#[derive(Default)]
struct Settings {
    enabled: bool,
    status: u32,
    body: String,
    content_type: String,
    retry_after: Option<String>,
    open_paths: Vec<String>,
    open_addresses: Vec<IpRange>,
    bypass: Option<(String, String)>,
}

#[derive(Default)]
struct MaintenanceRoot {
    settings: Rc<Settings>,
}

impl Context for MaintenanceRoot {}

impl RootContext for MaintenanceRoot {
    fn on_configure(&mut self, _size: usize) -> bool {
        let config = Config::parse(self.get_plugin_configuration());
        let settings = Settings {
            enabled: config.flag("enabled", true),
            status: config.integer("status", 200, 599, 503) as u32,
            body: config.text_or("message", "<h1>Down for maintenance</h1>"),
            content_type: config.text_or("content_type", "text/html; charset=utf-8"),
            retry_after: Some(config.integer("retry_after_seconds", 0, 31_536_000, 0))
                .filter(|seconds| *seconds > 0)
                .map(|seconds| seconds.to_string()),
            open_paths: config.texts("open_paths"),
            open_addresses: config.ranges("open_addresses"),
            bypass: config
                .has("bypass")
                .then(|| config.object("bypass", |bypass| (bypass.text("header"), bypass.text("value")))),
        };
        self.settings = Rc::new(settings);
        config.accept()
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Maintenance { settings: self.settings.clone() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Maintenance {
    settings: Rc<Settings>,
}

impl Maintenance {
    fn is_open(&self) -> bool {
        let settings = &self.settings;
        let path = request_header(self, ":path");
        if settings.open_paths.iter().any(|open| path_is_below(&path, open)) {
            return true;
        }
        if let Some((header, value)) = &settings.bypass {
            let is_known = equals_constant_time(&request_header(self, header), value);
            self.set_http_request_header(header, None);
            if is_known {
                return true;
            }
        }
        if settings.open_addresses.is_empty() {
            return false;
        }
        let address = source_address(self);
        settings.open_addresses.iter().any(|range| range.contains(&address))
    }
}

impl Context for Maintenance {}

impl HttpContext for Maintenance {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let settings = &self.settings;
        if !settings.enabled || self.is_open() {
            return Action::Continue;
        }
        let mut headers = vec![("content-type", settings.content_type.as_str()), ("cache-control", "no-store")];
        if let Some(seconds) = &settings.retry_after {
            headers.push(("retry-after", seconds));
        }
        self.send_http_response(settings.status, headers, Some(settings.body.as_bytes()));
        Action::Pause
    }
}
