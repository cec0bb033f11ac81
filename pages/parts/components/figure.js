// The title of a figure and its menu: what is drawn as CSV, PNG or SVG, and the page's address.
// Plotly draws the pictures itself: its own camera button is pressed with the format set, out of sight.

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".figure")
  const told = JSON.stringify(data)
  if (root.told === told) return
  root.told = told
  hideCamera()
  const words = make("div", "words")
  words.append(make("div", "title", data.title))
  if (data.note) words.append(make("div", "note", data.note))
  const three = dots(data.words, data.title, {
    csv: saveCsv, png: () => picture("png"), svg: () => picture("svg"), link: copyLink,
  })
  root.replaceChildren(words, three.menu)

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
    download(csvOf(rowsOf(plot)), `${data.name}.csv`)
  }
  function copyLink(item) {
    const written = navigator.clipboard?.writeText(location.href) ?? Promise.reject() // none without https
    written.then(() => { item.textContent = data.words.copied }, () => { item.textContent = location.href })
    setTimeout(() => { item.textContent = data.words.link; three.open(false) }, 1400)
    return "stay"
  }
}

// One column a line where all share their x, else one row a point with the line's name in front.
function rowsOf(plot) {
  const lines = (plot._fullData ?? plot.data).filter((line) => line.x && line.y && line.x.length)
  const own = lines.find((line) => line.meta?.columns)
  if (own) {
    const { columns, labels } = own.meta
    const rows = own.customdata.map(([i, j, ...rest]) => [labels[i], labels[j], ...rest])
    return [columns, ...rows].map((row) => row.map(short))
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
  return rows.map((row) => row.map(short))
}

function short(value) {
  return typeof value === "number" && !Number.isNaN(value) ? Number(value.toPrecision(7)) : value
}

function hideCamera() {
  if (document.getElementById("patina-camera")) return
  const style = document.createElement("style")
  style.id = "patina-camera"
  style.textContent = ".js-plotly-plot .modebar-container { display: none !important; }"
  document.head.append(style)
}
