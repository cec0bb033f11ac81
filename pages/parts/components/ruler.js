// A scale drawn on the photo: two points by tap, mouse or Enter, dragged or nudged by arrow keys, and the length
// between them. The camera stays free: what is dragged beside the points moves the photo as always.

const NEAR_PX = 26 // a finger that comes down this near to a point takes it
const TAP_PX = 6
const SVG = "http://www.w3.org/2000/svg"

/** The tool over a stage: its button, its panel, its keys; `keep` gets { x0, y0, x1, y1, mm } in photo pixels. */
function ruler(stage, far, data, keep) {
  const { words, saved, width_px: widest } = data.ruler
  let isOn = false, points = saved ? [[saved.x0, saved.y0], [saved.x1, saved.y1]] : [], active = 1, press = null, pulled = null
  const button = tool("ruler", words.draw, () => turn(!isOn))
  button.append(make("span", "", words.draw))
  button.setAttribute("aria-pressed", "false")
  const over = svg("svg", "ruler")
  over.setAttribute("aria-hidden", "true")
  const panel = make("div", "scale-panel")
  const hint = make("p", "", words.first)
  const field = make("label", "", words.length)
  const input = make("input")
  Object.assign(input, { type: "number", min: "0.1", step: "any", inputMode: "decimal", placeholder: "297", value: saved?.mm ?? "" })
  field.append(input, make("span", "", "mm"))
  const quick = make("div", "quick")
  for (const [name, mm] of data.ruler.known) {
    const one = make("button", "", `${name} · ${mm} mm`)
    one.type = "button"
    one.onclick = () => { input.value = mm; tell() }
    quick.append(one)
  }
  const result = make("p", "result")
  result.setAttribute("aria-live", "polite")
  const save = make("button", "save", words.save)
  save.type = "button"
  save.onclick = () => {
    const [[x0, y0], [x1, y1]] = points
    keep({ x0, y0, x1, y1, mm: Number(input.value) })
  }
  const row = make("div", "row")
  row.append(field, save)
  panel.append(hint, row, quick, result)
  panel.hidden = true
  over.style.display = "none"
  input.oninput = tell
  input.onkeydown = (event) => { if (event.key === "Enter" && !save.disabled) save.click() }
  stage.append(over)
  stage.addEventListener("pointermove", drag)
  stage.addEventListener("pointerup", drop)
  stage.addEventListener("pointercancel", () => { press = pulled = null })
  far.taken = take
  const nudge = (dx, dy) => (event) => {
    if (!isOn || !points.length) return far.pan(-40 * dx, -40 * dy)
    const by = event.shiftKey ? 10 : 1
    const at = Math.min(active, points.length - 1)
    put(at, points[at][0] + dx * by, points[at][1] + dy * by)
  }
  return {
    button, panel, move,
    keys: {
      m: () => turn(!isOn),
      Enter: () => (isOn ? set(far.photo(stage.clientWidth / 2, stage.clientHeight / 2)) : false),
      x: () => { active = 1 - active; move() },
      Escape: () => (isOn ? turn(false) : false),
      ArrowLeft: nudge(-1, 0), ArrowRight: nudge(1, 0), ArrowUp: nudge(0, -1), ArrowDown: nudge(0, 1),
    },
  }

  function turn(on) {
    isOn = on
    far.isBusy = on
    panel.hidden = !on
    over.style.display = on ? "" : "none"
    stage.classList.toggle("measuring", on)
    button.setAttribute("aria-pressed", String(on))
    tell()
    if (on) stage.focus({ preventScroll: true })
  }
  function take(event, at) {
    if (!isOn) return false
    const near = points.findIndex((point) => Math.hypot(...far.screen(...point).map((v, i) => v - at[i])) < NEAR_PX)
    press = near < 0 ? at : null
    if (near < 0) return false
    active = pulled = near
    stage.setPointerCapture(event.pointerId)
    move()
    return true
  }
  function here(event) {
    const box = stage.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  function drag(event) {
    if (pulled === null) return
    put(pulled, ...far.photo(...here(event)))
  }
  function drop(event) {
    if (pulled === null && press && isOn && Math.hypot(...here(event).map((v, i) => v - press[i])) < TAP_PX) set(far.photo(...here(event)))
    press = pulled = null
  }
  function set([x, y]) {
    if (points.length < 2) { points.push([0, 0]); active = points.length - 1 }
    put(active, x, y)
  }
  function put(i, x, y) {
    points[i] = [Math.min(data.width, Math.max(0, x)), Math.min(data.height, Math.max(0, y))]
    tell()
  }
  function length() { return points.length === 2 ? Math.hypot(points[0][0] - points[1][0], points[0][1] - points[1][1]) : 0 }
  function tell() {
    const px = length(), mm = Number(input.value)
    const scale = px >= 20 && mm > 0 ? mm / px : 0
    hint.textContent = points.length === 0 ? words.first : points.length === 1 ? words.second : words.adjust
    save.disabled = !scale
    const error = scale ? Math.hypot(2 / px, 0.005) : 0
    const fill = (text, told) => text.replace(/\{(\w+)\}/g, (_, name) => told[name])
    const digits = (v) => (v >= 10 ? v.toFixed(1) : v >= 1 ? v.toFixed(2) : v.toFixed(3))
    result.textContent = px && px < 20 ? words.short
      : scale ? fill(words.result, { scale: digits(scale), error: (100 * error).toFixed(1) }) + (widest ? ` ${fill(words.widest, { width: digits(widest * scale) })}` : "")
      : px ? fill(words.px, { px: Math.round(px) }) : ""
    move()
  }
  function move() {
    if (!isOn) return
    const at = points.map((point) => far.screen(...point))
    const parts = []
    if (at.length === 2) for (const name of ["halo", "core"]) parts.push(line(at[0], at[1], name))
    at.forEach(([x, y], i) => {
      const ring = svg("circle", i === active ? "active" : "")
      Object.entries({ cx: x, cy: y, r: 11 }).forEach(([k, v]) => ring.setAttribute(k, v))
      parts.push(ring, line([x - 5, y], [x + 5, y], "cross"), line([x, y - 5], [x, y + 5], "cross"))
    })
    over.replaceChildren(...parts)
  }
  function line([x1, y1], [x2, y2], name) {
    const one = svg("line", name)
    Object.entries({ x1, y1, x2, y2 }).forEach(([k, v]) => one.setAttribute(k, v))
    return one
  }
}

function svg(tag, name) {
  const node = document.createElementNS(SVG, tag)
  if (name) node.setAttribute("class", name)
  return node
}
