import { escapeHtml } from './charts.js'

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d8dee4; --paper: #fff; --panel: #f6f8fa;
  --baseline: #8c959f; --candidate: #2f6feb; --right: #2da44e; --wrong: #d1242f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #30363d; --paper: #0d1117;
  --panel: #161b22; --baseline: #848d97; --candidate: #58a6ff; --right: #3fb950; --wrong: #f85149; } }
body { margin: 0 auto; max-width: 1000px; padding: 24px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 17px; margin: 32px 0 8px; }
p { margin: 4px 0; } .soft { color: var(--soft); }
.verdict { display: inline-block; border-radius: 6px; color: #fff; font-weight: 600; margin: 12px 0; padding: 4px 14px; }
.passed { background: var(--right); } .failed { background: var(--wrong); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 5px 8px; text-align: right; }
th:first-child, td:first-child { text-align: left; } th { color: var(--soft); font-weight: 600; }
.no { color: var(--wrong); } .yes { color: var(--right); }
.figures { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
figure { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; margin: 0; padding: 12px; }
figcaption { font-weight: 600; } svg { width: 100%; } svg text { fill: currentColor; font-size: 12px; }
.legend { color: var(--soft); display: flex; gap: 16px; margin: 4px 0; }
.legend i { border-radius: 2px; display: inline-block; height: 10px; margin-right: 6px; width: 10px; }
.scroll { overflow-x: auto; } code { font-size: 13px; }
`

/** A whole page that loads nothing: style and charts are in it, and there is no script. */
export function page(title: string, body: string): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'"
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`
}

/** A table whose cells are HTML already. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  const body = rows.map((row) => line(row, 'td')).join('')
  return `<div class="scroll"><table><thead>${line(head, 'th')}</thead><tbody>${body}</tbody></table></div>`
}
