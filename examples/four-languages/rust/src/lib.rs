//! Adds the response header x-served-by with the configuration's text and counts the responses.
use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel, MetricType};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(ServedByRoot::default()));
}}

#[derive(Default)]
struct Settings {
    name: String,
    served: u32,
}

#[derive(Default)]
struct ServedByRoot {
    settings: Rc<Settings>,
}

impl Context for ServedByRoot {}

impl RootContext for ServedByRoot {
    fn on_configure(&mut self, _size: usize) -> bool {
        let name = String::from_utf8(self.get_plugin_configuration().unwrap_or_default()).unwrap_or_default();
        if name.is_empty() {
            log::error!("the configuration must be a name");
            return false;
        }
        match hostcalls::define_metric(MetricType::Counter, &format!("served_by_{name}")) {
            Ok(served) => self.settings = Rc::new(Settings { name, served }),
            Err(_) => return false,
        }
        true
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(ServedBy { settings: self.settings.clone() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct ServedBy {
    settings: Rc<Settings>,
}

impl Context for ServedBy {}

impl HttpContext for ServedBy {
    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.add_http_response_header("x-served-by", &self.settings.name);
        // A counter that was defined can be counted.
        let _ = hostcalls::increment_metric(self.settings.served, 1);
        Action::Continue
    }
}
