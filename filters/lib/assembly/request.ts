/** What filters ask about the path and the headers of a request or response. */
import { path_is_below } from "proxy-wasm-sdk-as/assembly"

/** Whether the path is one of these or below one of them. */
export function path_is_below_any(path: string, prefixes: string[]): bool {
  for (let i = 0; i < prefixes.length; i++) if (path_is_below(path, prefixes[i])) return true
  return false
}

/** The path without its query. */
export function bare_path(path: string): string {
  const mark = path.indexOf("?")
  return mark < 0 ? path : path.substring(0, mark)
}

/** The query without its `?`; empty where there is none. */
export function query_of(path: string): string {
  const mark = path.indexOf("?")
  return mark < 0 ? "" : path.substring(mark + 1)
}

/** The media type of a `content-type`, without its parameters, in lower case. */
export function media_type(content_type: string): string {
  const semicolon = content_type.indexOf(";")
  return (semicolon < 0 ? content_type : content_type.substring(0, semicolon)).trim().toLowerCase()
}
