/** `/` and `/help`: the list of endpoints, and what answers an unknown path. Follows `source/server/admin/admin.cc`. */
import type { AdminParameter, AdminPath, AdminResponse } from './admin-path.ts'

export function helpPath(paths: () => readonly AdminPath[]): AdminPath {
  return {
    path: '/help',
    help: 'print out list of admin commands',
    handle: () => ({ body: helpText(paths()) }),
  }
}

export function homePath(paths: () => readonly AdminPath[]): AdminPath {
  return {
    path: '/',
    help: 'Admin home page',
    handle: () => ({ contentType: 'text/html; charset=UTF-8', body: homePage(paths()) }),
  }
}

export function unknownPath(paths: readonly AdminPath[]): AdminResponse {
  return { status: 404, body: `invalid path. ${helpText(paths)}` }
}

function helpText(paths: readonly AdminPath[]): string {
  let text = 'admin commands are:\n'
  for (const { path, post, help, parameters = [] } of paths) {
    text += `  ${path}${post ? ' (POST)' : ''}: ${help}\n`
    for (const parameter of parameters) text += `      ${parameter.name}: ${parameterHelp(parameter)}\n`
  }
  return text
}

function parameterHelp({ help, oneOf }: AdminParameter): string {
  return oneOf === undefined ? help : `${help}; One of (${oneOf.join(', ')})`
}

/** A link for each endpoint that reads, a button for each that changes something. */
function homePage(paths: readonly AdminPath[]): string {
  const rows = paths.map(path => {
    const { path: url, post, help } = path
    const command = post
      ? `<form action="${url.slice(1)}" method="post"><button>${url.slice(1)}</button></form>`
      : `<a href="${url.slice(1)}">${url.slice(1) || 'home'}</a>`
    const parameters = (path.parameters ?? []).map(
      each => `<li><code>${each.name}</code> ${escape(parameterHelp(each))}`,
    )
    return `<tr><td>${command}<td>${escape(help)}${parameters.length > 0 ? `<ul>${parameters.join('')}</ul>` : ''}`
  })
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>sluice admin</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; }
td { padding: .3em 1em .3em 0; vertical-align: top; }
ul { margin: .2em 0; padding-left: 1.2em; color: #555; }
form { margin: 0; }
</style>
</head>
<body>
<h1>sluice admin</h1>
<table>
${rows.join('\n')}
</table>
</body>
</html>
`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
