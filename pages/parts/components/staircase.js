// The probabilities of a cycle as a staircase, the highest first, with the lines of its rule to be dragged.

const SVG = "http://www.w3.org/2000/svg"
const MARGIN = { top: 26, right: 14, bottom: 42, left: 40 }
const HEAD = 34 // px above the figure for its title, in a picture taken along

/** Draws it: { svg, lasso, width, height, inner, step, x, y }, with `x` from a place and `y` from P(defect) to px. */
function staircase({ data, state, order, grouped, said, changed, wrong, picked }, plotWidth) {
  const width = Math.max(260, plotWidth), height = width < 520 ? 250 : 330
  const { colours: c, words } = data
  const inner = { w: width - MARGIN.left - MARGIN.right, h: height - MARGIN.top - MARGIN.bottom }
  const n = order.length, step = inner.w / Math.max(1, n)
  const x = (place) => MARGIN.left + place * step
  const y = (p) => MARGIN.top + (1 - p) * inner.h
  const svg = node("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${data.words.title}. ${data.words.note}` })
  svg.style.fontFamily = c.font
  for (const p of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    svg.append(node("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(p), y2: y(p), stroke: c.grid, "stroke-width": 1 }))
    svg.append(text(MARGIN.left - 8, y(p) + 4, p.toFixed(1), { "text-anchor": "end", fill: c.quiet }))
  }
  const every = [1, 2, 5, 10, 20, 50, 100, 200].find((k) => n / k <= Math.max(4, inner.w / 70)) ?? 500
  for (let rank = every === 1 ? 1 : every; rank <= n; rank += every) {
    svg.append(text(x(rank - 0.5), height - MARGIN.bottom + 17, String(rank), { "text-anchor": "middle", fill: c.quiet }))
  }
  svg.append(text(MARGIN.left + inner.w / 2, height - 6, words.x, { "text-anchor": "middle", fill: c.quiet, "font-size": 13 }))
  svg.append(text(MARGIN.left, 12, words.y, { fill: c.quiet, "font-size": 13 }))
  // Picked photos stand on a band; every photo is a step of the staircase, filled when it becomes a defect.
  svg.append(node("path", { d: order.map((i, k) => (picked.has(i) ? `M${x(k)} ${MARGIN.top}h${step}v${inner.h}h${-step}z` : "")).join(""), fill: c.pick, class: "picked" }))
  for (const is of [LEFT, NORMAL, DEFECT]) {
    const own = order.map((i, k) => [i, k]).filter(([i]) => said[i] === is)
    const gap = step > 6 ? 1 : 0
    const tint = { [LEFT]: c.left, [NORMAL]: c.normal, [DEFECT]: c.defect }[is]
    svg.append(node("path", {
      d: own.map(([i, k]) => `M${x(k) + gap / 2} ${y(0)}V${y(data.p[i])}h${step - gap}V${y(0)}z`).join(""),
      fill: tint, "fill-opacity": is === DEFECT ? 0.55 : 0.16,
    }))
    svg.append(node("path", { d: own.map(([i, k]) => `M${x(k) + gap / 2} ${y(data.p[i])}h${step - gap}`).join(""), stroke: tint, "stroke-width": 2.4, fill: "none" }))
  }
  const cross = Math.max(2.2, Math.min(4, step / 2))
  svg.append(node("path", {
    d: order.map((i, k) => (wrong[i] ? `M${x(k + 0.5) - cross} ${y(data.p[i]) - 9 - cross}l${2 * cross} ${2 * cross}m0 ${-2 * cross}l${-2 * cross} ${2 * cross}` : "")).join(""),
    stroke: c.ink, "stroke-width": 1.5, fill: "none", class: "wrong",
  }))
  // Below the axis: who has spoken, and which photos change sides.
  const foot = y(0) + 4
  svg.append(node("path", { d: order.map((i, k) => (changed[i] ? `M${x(k)} ${foot}h${Math.max(1, step)}` : "")).join(""), stroke: c.ask, "stroke-width": 3, class: "changed" }))
  const wide = Math.max(1, Math.min(4, step / 2))
  for (const is of [NORMAL, DEFECT]) {
    svg.append(node("path", {
      d: order.map((i, k) => (data.marks[i]?.label === is ? `M${x(k + 0.5)} ${MARGIN.top - 9}l${wide} 5l${-wide} 5l${-wide} -5z` : "")).join(""),
      fill: is === DEFECT ? c.defect : c.normal,
    }))
  }
  const area = node("rect", { x: MARGIN.left, y: MARGIN.top, width: inner.w, height: inner.h, fill: "transparent", class: "area" })
  svg.append(area)
  // The lines of the rule: level ones cut by probability, upright ones by place. A second, thin one follows.
  const rule = data.rule, percent = (value) => `${Math.round(100 * value)}\u00a0%`
  const level = (p, name, words) => {
    svg.append(node("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(p), y2: y(p), stroke: c.ink, "stroke-width": name ? 1.5 : 0.8 }))
    svg.append(text(width - MARGIN.right, y(p) - 6, words, { "text-anchor": "end", fill: c.ink, "font-weight": 700 }))
    if (name) svg.append(handle(name, { x: MARGIN.left, y: y(p) - 11, width: inner.w, height: 22 }, "ns-resize"))
  }
  const upright = (count, name, words) => {
    const at = x(count), right = at > width - 70
    svg.append(node("line", { x1: at, x2: at, y1: MARGIN.top, y2: y(0), stroke: c.ink, "stroke-width": name ? 1.5 : 0.8, "stroke-dasharray": "5 4" }))
    svg.append(text(at + (right ? -6 : 6), MARGIN.top + 12, words, { "text-anchor": right ? "end" : "start", fill: c.ink, "font-weight": 700 }))
    if (name) svg.append(handle(name, { x: at - 11, y: MARGIN.top, width: 22, height: inner.h }, "ew-resize"))
  }
  const room = (portion) => Math.floor(portion * n + 1e-9)
  if (grouped.length === 1 && (rule === "both" || rule === "share")) upright(room(state.share), "share", percent(state.share))
  if (grouped.length === 1 && rule === "balanced") {
    upright(room(state.portion * state.share), "", percent(state.portion * state.share))
    upright(n - room(state.portion * (1 - state.share)), "", percent(state.portion * (1 - state.share)))
  }
  if (rule === "both" || rule === "threshold") level(state.threshold, "threshold", state.threshold.toFixed(3))
  if (rule === "sure") {
    level(state.sure, "sure", state.sure.toFixed(3))
    level(1 - state.sure, "", (1 - state.sure).toFixed(3))
  }
  const lasso = node("path", { fill: c.pick, stroke: c.ink, "stroke-width": 1, "stroke-dasharray": "3 3", class: "lasso" })
  svg.append(lasso)
  return { svg, lasso, width, height, inner, step, x, y }
}

/** The figure as a file of its own, without what can be dragged and what is picked. */
function pictureOf(layout, data) {
  const copy = layout.svg.cloneNode(true)
  copy.querySelectorAll(".grip, .area, .lasso, .picked").forEach((part) => part.remove())
  copy.setAttribute("xmlns", SVG)
  copy.setAttribute("viewBox", `0 ${-HEAD} ${layout.width} ${layout.height + HEAD}`)
  copy.setAttribute("height", layout.height + HEAD)
  copy.prepend(node("rect", { x: 0, y: -HEAD, width: layout.width, height: layout.height + HEAD, fill: data.colours.paper }))
  copy.append(text(8, -12, data.words.title, { fill: data.colours.ink, "font-size": 16, "font-weight": 700 }))
  return new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" })
}

/** The same as a PNG at twice its size. */
function inPixels(drawing, layout, then) {
  const image = new Image()
  const url = URL.createObjectURL(drawing)
  image.onload = () => {
    const canvas = document.createElement("canvas")
    canvas.width = 2 * layout.width
    canvas.height = 2 * (layout.height + HEAD)
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    URL.revokeObjectURL(url)
    canvas.toBlob(then, "image/png")
  }
  image.src = url
}

function handle(name, box, cursor) {
  const grip = node("rect", { ...box, fill: "transparent", class: "grip" })
  grip.dataset.name = name
  grip.style.cursor = cursor
  return grip
}

/** True when the point lies inside the path (even-odd). */
function encloses(path, x, y) {
  let is = false
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [xi, yi] = path[i], [xj, yj] = path[j]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) is = !is
  }
  return is
}

function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}
function text(x, y, words, attributes = {}) {
  const made = node("text", { x, y, "font-size": 12, ...attributes })
  made.textContent = words
  return made
}

