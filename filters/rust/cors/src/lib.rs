//! The filter `cors` in Rust: answers preflight requests (Fetch Standard) and marks answers for allowed origins.
use std::rc::Rc;

use common::{request_header, Config};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(CorsRoot::default()));
}}

#[derive(Default)]
struct Settings {
    origins: Vec<String>,
    methods: String,
    headers: String,
    exposed: String,
    credentials: bool,
    max_age: Option<String>,
}

impl Settings {
    fn any_origin(&self) -> bool {
        self.origins.iter().any(|origin| origin == "*")
    }

    fn allows(&self, origin: &str) -> bool {
        let asked = origin.to_lowercase();
        self.origins.iter().any(|allowed| match allowed.split_once('*') {
            _ if allowed == "*" || *allowed == asked => true,
            // The host must have something before the domain: https://.example.org is none.
            Some((scheme, domain)) => {
                asked.len() >= allowed.len() && asked.starts_with(scheme) && asked.ends_with(domain)
            }
            None => false,
        })
    }

    fn allowed_origin<'a>(&self, origin: &'a str) -> &'a str {
        if self.any_origin() {
            "*"
        } else {
            origin
        }
    }
}

/// `*`, `scheme://host[:port]` or `scheme://*.domain[:port]`
fn is_origin(origin: &str) -> bool {
    if origin == "*" {
        return true;
    }
    match origin.split_once("://") {
        Some((scheme, host)) if !scheme.is_empty() && !host.contains('/') => {
            !scheme.contains('*') && (!host.contains('*') || (host.starts_with("*.") && host.matches('*').count() == 1))
        }
        _ => false,
    }
}

#[derive(Default)]
struct CorsRoot {
    settings: Rc<Settings>,
}

impl Context for CorsRoot {}

impl RootContext for CorsRoot {
    fn on_configure(&mut self, _size: usize) -> bool {
        let config = Config::parse(self.get_plugin_configuration());
        let origins = config.texts("allow_origins");
        if origins.is_empty() {
            config.fault("allow_origins", "must have an origin, or *");
        }
        for (i, origin) in origins.iter().enumerate() {
            if !is_origin(origin) {
                let place = format!("allow_origins[{i}]");
                config.fault(&place, "must be *, scheme://host[:port] or scheme://*.domain[:port]");
            }
        }
        let methods = config.has("allow_methods").then(|| config.texts("allow_methods").join(", "));
        let settings = Settings {
            origins: origins.iter().map(|origin| origin.to_lowercase()).collect(),
            methods: methods.unwrap_or_else(|| "GET, HEAD, POST".into()),
            headers: config.texts("allow_headers").join(", "),
            exposed: config.texts("expose_headers").join(", "),
            credentials: config.flag("allow_credentials", false),
            max_age: Some(config.integer("max_age_seconds", 0, 86_400, -1))
                .filter(|age| *age >= 0)
                .map(|age| age.to_string()),
        };
        if settings.credentials && settings.any_origin() {
            config.fault("allow_credentials", "may not be with the origin *: any site could act for its visitors");
        }
        self.settings = Rc::new(settings);
        config.accept()
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Cors { settings: self.settings.clone(), origin: None, answered: false }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Cors {
    settings: Rc<Settings>,
    /// Of an allowed cross-origin request.
    origin: Option<String>,
    answered: bool,
}

impl Context for Cors {}

impl HttpContext for Cors {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let settings = &self.settings;
        let origin = request_header(self, "origin");
        if origin.is_empty() || !settings.allows(&origin) {
            return Action::Continue;
        }
        let is_preflight = request_header(self, ":method") == "OPTIONS"
            && self.get_http_request_header("access-control-request-method").is_some();
        if !is_preflight {
            self.origin = Some(origin);
            return Action::Continue;
        }
        let mut reply = vec![
            ("access-control-allow-origin", settings.allowed_origin(&origin)),
            ("access-control-allow-methods", &settings.methods),
        ];
        if !settings.headers.is_empty() {
            reply.push(("access-control-allow-headers", &settings.headers));
        }
        if settings.credentials {
            reply.push(("access-control-allow-credentials", "true"));
        }
        if let Some(age) = &settings.max_age {
            reply.push(("access-control-max-age", age));
        }
        reply.push(("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"));
        self.send_http_response(204, reply, None);
        self.answered = true;
        Action::Pause
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let settings = &self.settings;
        if self.answered {
            return Action::Continue;
        }
        // Caches must keep answers to different origins apart, those to none included.
        if !settings.any_origin() {
            self.add_http_response_header("vary", "Origin");
        }
        if let Some(origin) = &self.origin {
            self.set_http_response_header("access-control-allow-origin", Some(settings.allowed_origin(origin)));
            if settings.credentials {
                self.set_http_response_header("access-control-allow-credentials", Some("true"));
            }
            if !settings.exposed.is_empty() {
                self.set_http_response_header("access-control-expose-headers", Some(&settings.exposed));
            }
        }
        Action::Continue
    }
}
