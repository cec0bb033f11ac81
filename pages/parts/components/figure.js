// The title of a figure and its menu: what is drawn as CSV, PNG or SVG, and the page's address.
// Plotly draws the pictures itself: its own camera button is pressed with the format set, out of sight.

const DOTS = '<svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true"><circle cx="12" cy="5" r="1.8"/>' +
  '<circle cx="12" cy="12" r="1.8"/><circle cx="12" cy="19" r="1.8"/></svg>'

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".figure")
  const told = JSON.stringify(data)
  if (root.told === told) return root.stop
  root.told = told
  root.stop?.()
  hideCamera()
  const words = make("div", "words")
  words.append(make("div", "title", data.title))
  if (data.note) words.append(make("div", "note", data.note))
  const menu = make("div", "menu")
  const opener = make("button")
  opener.type = "button"
  opener.innerHTML = DOTS
  opener.title = data.words.menu
  opener.setAttribute("aria-label", `${data.words.menu}: ${data.title}`)
  opener.setAttribute("aria-haspopup", "menu")
  const list = make("div", "list")
  list.setAttribute("role", "menu")
  const open = (is) => {
    list.hidden = !is
    opener.setAttribute("aria-expanded", String(is))
    if (is) list.firstChild.focus()
  }
  const acts = { csv: saveCsv, png: () => picture("png"), svg: () => picture("svg"), link: copyLink }
  for (const [name, act] of Object.entries(acts)) {
    const item = make("button", "", data.words[name])
    item.type = "button"
    item.setAttribute("role", "menuitem")
    item.onclick = () => { act(item); if (name !== "link") open(false) }
    list.append(item)
  }
  opener.onclick = () => open(list.hidden)
  menu.onkeydown = (event) => {
    const items = [...list.children]
    const at = items.indexOf(menu.getRootNode().activeElement)
    if (event.key === "Escape") { open(false); opener.focus() }
    if (event.key === "ArrowDown") { items[(at + 1) % items.length].focus(); event.preventDefault() }
    if (event.key === "ArrowUp") { items[(at + items.length - 1) % items.length].focus(); event.preventDefault() }
  }
  const away = (event) => { if (!event.composedPath().includes(menu)) open(false) }
  document.addEventListener("pointerdown", away)
  menu.append(opener, list)
  root.replaceChildren(words, menu)
  open(false)
  root.stop = () => document.removeEventListener("pointerdown", away)
  return root.stop

  function graph() {
    return document.querySelector(`.st-key-${CSS.escape(data.of)} .js-plotly-plot`)
  }
  function picture(format) {
    const plot = graph()
    const camera = plot?.querySelector('.modebar-btn[data-attr="toImage"], .modebar-btn')
    if (!camera) return
    const { layout } = plot
    const before = { title: layout.title, paper: layout.paper_bgcolor, margin: layout.margin, legend: layout.showlegend, font: layout.font }
    // Plotly copies the layout when the picture is begun, so it can be put back at once.
    layout.title = { text: data.title, x: 0, xanchor: "left", xref: "paper", yanchor: "top", y: 0.98, font: { size: 17 } }
    layout.paper_bgcolor = data.paper
    if (layout.meta?.legend) layout.showlegend = true // on the page one legend stands above several figures
    // A picture knows no fonts of the page: set in another one, names in the legend would be cut off.
    layout.font = { ...layout.font, family: "sans-serif" }
    layout.margin = { ...plot._fullLayout.margin, t: (plot._fullLayout.margin.t ?? 30) + 44, l: 70, b: 60, r: 24 }
    Object.assign(plot._context.toImageButtonOptions, {
      format, filename: data.name, scale: format === "png" ? 2 : 1, width: 900, height: 540,
    })
    camera.dispatchEvent(new MouseEvent("click", { bubbles: true }))
    layout.title = before.title
    layout.paper_bgcolor = before.paper
    layout.margin = before.margin
    layout.showlegend = before.legend
    layout.font = before.font
  }
  function saveCsv() {
    const plot = graph()
    if (!plot) return
    const bytes = new Blob(["\ufeff" + csv(plot)], { type: "text/csv;charset=utf-8" })
    const link = make("a")
    link.href = URL.createObjectURL(bytes)
    link.download = `${data.name}.csv`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }
  async function copyLink(item) {
    try {
      await navigator.clipboard.writeText(location.href)
      item.textContent = data.words.copied
    } catch { item.textContent = location.href }
    setTimeout(() => { item.textContent = data.words.link; open(false) }, 1400)
  }
}

// One column a line where all share their x, else one row a point with the line's name in front.
function csv(plot) {
  const lines = (plot._fullData ?? plot.data).filter((line) => line.x && line.y && line.x.length)
  const own = lines.find((line) => line.meta?.columns)
  if (own) {
    const { columns, labels } = own.meta
    const rows = own.customdata.map(([i, j, ...rest]) => [labels[i], labels[j], ...rest])
    return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")
  }
  const { xaxis, yaxis } = plot._fullLayout
  const head = [xaxis.title?.text ?? "x", yaxis.title?.text ?? "y"]
  const [first] = lines
  const alike = lines.length > 0 && lines.every((line) => line.x.length === first.x.length &&
    [...line.x].every((x, i) => x === first.x[i]))
  const value = (line, i) => (line.type === "bar" && line.customdata ? line.customdata[i] : line.y[i])
  const rows = alike
    ? [[head[0], ...lines.map((line) => line.name)], ...[...first.x].map((x, i) => [x, ...lines.map((line) => value(line, i))])]
    : [["", ...head], ...lines.flatMap((line) => [...line.x].map((x, i) => [line.name, x, value(line, i)]))]
  return rows.map((row) => row.map(cell).join(",")).join("\r\n")
}

function cell(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return ""
  if (typeof value === "number") return String(Number(value.toPrecision(7)))
  return /[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value)
}

function hideCamera() {
  if (document.getElementById("patina-camera")) return
  const style = document.createElement("style")
  style.id = "patina-camera"
  style.textContent = ".js-plotly-plot .modebar-container { display: none !important; }"
  document.head.append(style)
}

function make(tag, className = "", text) {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text
  return node
}
