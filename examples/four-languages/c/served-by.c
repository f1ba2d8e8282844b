// Adds the response header x-served-by with the configuration's text and counts the responses. Without an SDK: this is the
// ABI itself (github.com/proxy-wasm/spec, 0.2.1), and so without a libc.
#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(proxy_log) uint32_t proxy_log(uint32_t level, const char *text, size_t size);
IMPORT(proxy_get_buffer_bytes)
uint32_t proxy_get_buffer_bytes(uint32_t type, uint32_t start, uint32_t length, char **data, size_t *size);
IMPORT(proxy_add_header_map_value)
uint32_t proxy_add_header_map_value(uint32_t map, const char *key, size_t key_size, const char *value, size_t size);
IMPORT(proxy_define_metric) uint32_t proxy_define_metric(uint32_t type, const char *name, size_t size, uint32_t *id);
IMPORT(proxy_increment_metric) uint32_t proxy_increment_metric(uint32_t id, int64_t offset);

enum { OK = 0, CONTINUE = 0, COUNTER = 0, RESPONSE_HEADERS = 2, ERROR = 4, PLUGIN_CONFIGURATION = 7 };

// What the host hands over lives until the next callback; this filter asks for one thing only.
static char handed_over[1024];
EXPORT(malloc) void *host_malloc(size_t size) { return size <= sizeof handed_over ? handed_over : 0; }

static char metric[] = "served_by_................................................................";
static char *const name = metric + sizeof "served_by_" - 1;
static size_t name_size = 0;
static uint32_t served = 0;

EXPORT(proxy_abi_version_0_2_1) void abi_version(void) {}

EXPORT(proxy_on_configure) uint32_t on_configure(uint32_t root, size_t size) {
  static const char wrong[] = "the configuration must be a name of up to 64 bytes";
  char *data = 0;
  if (size == 0 || size > 64 || proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, &data, &name_size) != OK) {
    proxy_log(ERROR, wrong, sizeof wrong - 1);
    return 0;
  }
  for (size_t i = 0; i < name_size; i++) name[i] = data[i];
  return proxy_define_metric(COUNTER, metric, (size_t)(name - metric) + name_size, &served) == OK;
}

EXPORT(proxy_on_response_headers) uint32_t on_response_headers(uint32_t context, uint32_t count, uint32_t end) {
  proxy_add_header_map_value(RESPONSE_HEADERS, "x-served-by", 11, name, name_size);
  proxy_increment_metric(served, 1);
  return CONTINUE;
}
