// A photo with its probability map, label and mask. The threshold acts here, in the browser, on the stored
// 8-bit map: every pixel looks its colour up in a table of 512 entries (value, truth), so a move of the threshold
// costs one pass over the map. It follows the page's own slider while that is still being dragged.

const ICONS = {
  plus: '<path d="M12 5v14M5 12h14"/>',
  minus: '<path d="M5 12h14"/>',
  fit: '<path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/>',
  full: '<path d="M15 4h5v5M20 4l-6 6M9 20H4v-5M4 20l6-6"/>',
}
const VIEWS = ["errors", "mask", "heat", "truth", "photo", "side"]
const CRACK = [214, 34, 143], HIT = [42, 157, 143], MISS = [224, 122, 63], FALSE = [58, 134, 255]
const MOST_PX = 12e6 // a larger map is shown reduced, each of its pixels the highest of those it stands for
const DEEPEST = 24

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".mask")
  const place = JSON.stringify([data.photo, data.map, data.truth, data.width, data.height, data.words])
  if (root.place !== place) {
    root.explorer?.stop()
    root.place = place
    root.explorer = explorer(root, data)
  }
  root.explorer.keepView = (view) => setStateValue("view", view)
  root.explorer.ask = (threshold) => setTriggerValue("threshold", threshold)
  // While the slider is dragged, answers to its earlier places still come in: where it stands now counts.
  const slider = data.follow && document.querySelector(`.st-key-${CSS.escape(data.follow)} input[type=range]`)
  root.explorer.use(slider ? Number(slider.value) : data.threshold)
  return () => root.explorer.stop()
}

/** The smallest stored value that is crack: v / 255 >= t in doubles, as the server cuts. */
export function level(t) {
  let v = Math.max(0, Math.min(256, Math.floor(t * 255)))
  while (v < 256 && v / 255 < t) v++
  while (v > 0 && (v - 1) / 255 >= t) v--
  return v
}

function explorer(root, data) {
  const { words } = data
  const panes = make("div", "panes")
  const told = make("div", "told")
  const views = make("div", "views")
  const tools = make("div", "tools")
  const bar = make("div", "bar")
  views.setAttribute("role", "group")
  told.setAttribute("aria-live", "off")
  bar.append(views, tools)
  root.replaceChildren(bar, panes, told)
  const offered = VIEWS.filter((view) => (view === "photo" ? data.photo : view === "truth" || view === "errors" || view === "side" ? data.truth : true))
  let view = offered.includes(data.view) ? data.view : offered[0]
  let threshold = data.threshold, map = null, truth = null, cumulated = null, size = [data.width, data.height]
  let k = 1, x = 0, y = 0, least = 1, asked = 0, later = 0, gone = ""
  let drawn = []
  const fingers = new Map()
  const self = { stop, use, keepView() {}, ask() {} }

  for (const name of offered) {
    const button = make("button", "", words[name])
    button.type = "button"
    button.dataset.view = name
    button.onclick = () => { show(name); self.keepView(name) }
    views.append(button)
  }
  for (const [icon, act] of [["minus", () => zoom(1 / 1.5)], ["plus", () => zoom(1.5)], ["fit", fit], ["full", fullscreen]]) {
    const button = make("button")
    button.type = "button"
    button.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${ICONS[icon]}</svg>`
    button.title = words[`tool_${icon}`]
    button.setAttribute("aria-label", button.title)
    button.onclick = act
    tools.append(button)
  }
  const watch = new ResizeObserver(() => fit())
  const slider = new MutationObserver((changes) => changes.forEach(({ target }) => follow(target)))
  slider.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["aria-valuetext"] })
  show(view)
  load()
  return self

  function follow(target) {
    if (!data.follow || !target.closest?.(`.st-key-${CSS.escape(data.follow)}`)) return
    const value = Number(target.value)
    if (Number.isFinite(value)) use(value)
  }
  async function load() {
    say(words.loading)
    try {
      const [p, label] = await Promise.all([grey(data.map), data.truth ? grey(data.truth) : null])
      map = p.values
      size = [p.width, p.height]
      truth = new Uint8Array(map.length)
      if (label) resample(label, p, truth)
      const counts = new Float64Array(512)
      for (let i = 0; i < map.length; i++) counts[map[i] + (truth[i] << 8)]++
      cumulated = counts
      say("")
    } catch {
      gone = words.gone
      say(gone)
    }
    draw()
  }
  function use(value) {
    if (value === threshold && drawn.at === value) return
    threshold = value
    root.dataset.threshold = String(value)
    if (!asked) asked = requestAnimationFrame(() => { asked = 0; draw() })
  }
  function show(name) {
    view = name
    for (const button of views.children) button.setAttribute("aria-pressed", String(button.dataset.view === name))
    const shown = name === "side" ? ["photo", "truth", "errors"].filter((v) => v !== "photo" || data.photo) : [name]
    panes.dataset.n = shown.length > 1 ? "3" : "1"
    watch.disconnect()
    drawn = shown.map(pane)
    panes.replaceChildren(...drawn.map(({ node }) => node))
    drawn.forEach(({ node }) => watch.observe(node))
    if (gone) say(gone)
    else if (!map) say(words.loading)
    draw()
  }
  function pane(name) {
    const node = make("div", "pane")
    const layers = make("div", "layers")
    const canvas = make("canvas")
    const state = make("div", "state")
    node.style.aspectRatio = `${data.width} / ${data.height}`
    node.tabIndex = 0
    node.setAttribute("role", "img")
    node.setAttribute("aria-label", `${data.alt} – ${words[name]}`)
    layers.style.width = `${data.width}px`
    layers.style.height = `${data.height}px`
    if (data.photo) {
      const photo = make("img")
      photo.alt = ""
      photo.draggable = false
      photo.src = data.photo
      layers.append(photo)
    }
    if (name !== "photo") layers.append(canvas)
    node.append(layers, make("div", "tag", words[name]), state)
    gestures(node)
    return { name, node, layers, canvas, state }
  }
  function say(text) { drawn.forEach(({ state }) => { state.textContent = text }) }

  function draw() {
    drawn.at = threshold
    if (map) {
      const cut = level(threshold)
      for (const { name, canvas } of drawn) if (name !== "photo") paint(canvas, name, cut)
      figures(cut)
    }
    move()
  }
  function paint(canvas, name, cut) {
    const [w, h] = size
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h }
    const pen = canvas.getContext("2d")
    canvas.sheet ??= pen.createImageData(w, h)
    const out = new Uint32Array(canvas.sheet.data.buffer)
    const colours = table(name, cut)
    for (let i = 0; i < out.length; i++) out[i] = colours[map[i] | (truth[i] << 8)]
    pen.putImageData(canvas.sheet, 0, 0)
  }
  function figures(cut) {
    let tp = 0, fp = 0, fn = 0, of = 0
    for (let v = 0; v < 256; v++) {
      const no = cumulated[v], yes = cumulated[v + 256]
      of += yes
      if (v >= cut) { tp += yes; fp += no } else fn += yes
    }
    const share = (part, whole) => (whole ? (part / whole).toFixed(3) : "–")
    const parts = []
    const add = (label, value, tint) => {
      const one = make("span", tint ? "key" : "")
      if (tint) one.style.setProperty("--tint", `rgb(${tint})`)
      one.append(`${label} `, make("b", "", value))
      parts.push(one)
    }
    const px = (n) => n.toLocaleString("en").replaceAll(",", "\u2009")
    if (data.truth) {
      add(words.found, px(tp), HIT)
      add(words.missed, px(fn), MISS)
      add(words.false, px(fp), FALSE)
      add(words.precision, share(tp, tp + fp))
      add(words.recall, share(tp, of))
      add("F1", share(2 * tp, 2 * tp + fp + fn))
    } else add(words.crack_px, px(tp + fp), CRACK)
    told.replaceChildren(...parts, make("span", "quiet", words.pixels))
  }

  function fit() {
    const node = drawn[0]?.node
    if (!node?.clientWidth) return
    least = Math.min(node.clientWidth / data.width, node.clientHeight / data.height)
    k = least
    x = (node.clientWidth - data.width * k) / 2
    y = (node.clientHeight - data.height * k) / 2
    move()
  }
  function move() {
    const node = drawn[0]?.node
    if (!node) return
    const held = (at, room, length) => (length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, at)))
    x = held(x, node.clientWidth, data.width * k)
    y = held(y, node.clientHeight, data.height * k)
    for (const one of drawn) {
      one.layers.style.transform = `translate(${x}px, ${y}px) scale(${k})`
      one.layers.classList.toggle("grain", k > 3)
      one.node.classList.toggle("near", k > least * 1.01)
    }
  }
  function zoom(by, cx = drawn[0].node.clientWidth / 2, cy = drawn[0].node.clientHeight / 2) {
    const next = Math.min(Math.max(DEEPEST, least), Math.max(least, k * by))
    x = cx - ((cx - x) * next) / k
    y = cy - ((cy - y) * next) / k
    k = next
    move()
  }
  function fullscreen() {
    document.fullscreenElement ? document.exitFullscreen() : panes.requestFullscreen?.()
  }
  function gestures(node) {
    const here = (event) => {
      const box = node.getBoundingClientRect()
      return [event.clientX - box.left, event.clientY - box.top]
    }
    const spread = () => {
      const [[ax, ay], [bx, by]] = [...fingers.values()]
      return { far: Math.hypot(ax - bx, ay - by), cx: (ax + bx) / 2, cy: (ay + by) / 2 }
    }
    node.onwheel = (event) => {
      // The page scrolls as usual until the photo is zoomed or Ctrl is held, so that nobody is caught in it.
      if (!event.ctrlKey && k <= least * 1.01) return
      event.preventDefault()
      zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), ...here(event))
    }
    node.onpointerdown = (event) => {
      if (event.button > 0) return
      fingers.set(event.pointerId, here(event))
      node.setPointerCapture(event.pointerId)
      node.classList.add("dragged")
    }
    node.onpointermove = (event) => {
      const before = fingers.get(event.pointerId)
      if (!before) return
      const old = fingers.size === 2 ? spread() : null
      const at = here(event)
      fingers.set(event.pointerId, at)
      if (old) {
        const now = spread()
        x += now.cx - old.cx
        y += now.cy - old.cy
        zoom(now.far / (old.far || 1), now.cx, now.cy)
      } else {
        x += at[0] - before[0]
        y += at[1] - before[1]
        move()
      }
    }
    node.onpointerup = node.onpointercancel = (event) => {
      fingers.delete(event.pointerId)
      if (!fingers.size) node.classList.remove("dragged")
    }
    node.ondblclick = (event) => (k > least * 1.01 ? fit() : zoom(Math.max(1, least * 3) / k, ...here(event)))
    node.onkeydown = (event) => {
      const step = event.shiftKey ? 0.05 : 0.01
      const pan = (dx, dy) => () => { x += dx; y += dy; move() }
      const cut = (by) => () => {
        const value = Math.min(0.999, Math.max(0.001, Math.round((threshold + by) * 1000) / 1000))
        use(value)
        clearTimeout(later)
        later = setTimeout(() => self.ask(value), 250)
      }
      const next = (by) => () => {
        const name = offered[(offered.indexOf(view) + by + offered.length) % offered.length]
        show(name)
        self.keepView(name)
        panes.firstChild.focus()
      }
      const done = {
        "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: fit, v: next(1), V: next(-1),
        ArrowLeft: pan(40, 0), ArrowRight: pan(-40, 0), ArrowUp: pan(0, 40), ArrowDown: pan(0, -40),
        "[": cut(-step), "]": cut(step), "{": cut(-step), "}": cut(step),
      }[event.key]
      if (done) { done(); event.preventDefault() }
    }
  }
  function stop() {
    watch.disconnect()
    slider.disconnect()
    cancelAnimationFrame(asked)
    clearTimeout(later)
  }
}

/** What each (value, truth) looks like in a view: 512 colours, little-endian RGBA. */
function table(view, cut) {
  const out = new Uint32Array(512)
  const ink = ([r, g, b], alpha) => ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0
  for (let v = 0; v < 256; v++) {
    const said = v >= cut
    for (const yes of [0, 1]) {
      const at = v | (yes << 8)
      if (view === "mask") out[at] = said ? ink(CRACK, 205) : 0
      else if (view === "truth") out[at] = yes ? ink(CRACK, 205) : 0
      else if (view === "heat") out[at] = heat(v, ink)
      else out[at] = said && yes ? ink(HIT, 225) : said ? ink(FALSE, 225) : yes ? ink(MISS, 235) : 0
    }
  }
  return out
}

function heat(v, ink) {
  // Unlit below 3 %, then magenta to white: the sure parts shine.
  const t = v / 255
  if (t < 0.03) return 0
  const white = Math.max(0, (t - 0.6) / 0.4)
  return ink(CRACK.map((c) => Math.round(c + (255 - c) * white)), Math.round(60 + 185 * t))
}

/** The grey values of a picture, reduced by the highest of each block when it is very large. */
async function grey(address) {
  const reply = await fetch(address)
  if (!reply.ok) throw new Error(String(reply.status))
  const picture = await createImageBitmap(await reply.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" })
  const { width: w, height: h } = picture
  const by = Math.max(1, Math.ceil(Math.sqrt((w * h) / MOST_PX)))
  const width = Math.ceil(w / by), height = Math.ceil(h / by)
  const values = new Uint8Array(width * height)
  const strip = Math.max(by, Math.floor(256 / by) * by)
  const canvas = new OffscreenCanvas(w, Math.min(strip, h))
  const pen = canvas.getContext("2d", { willReadFrequently: true })
  for (let top = 0; top < h; top += strip) {
    const rows = Math.min(strip, h - top)
    pen.clearRect(0, 0, w, rows)
    pen.drawImage(picture, 0, top, w, rows, 0, 0, w, rows)
    const { data } = pen.getImageData(0, 0, w, rows)
    for (let row = 0; row < rows; row++) {
      const out = Math.floor((top + row) / by) * width
      for (let i = 0; i < w; i++) {
        const at = out + (by === 1 ? i : Math.floor(i / by))
        const value = data[(row * w + i) * 4]
        if (value > values[at]) values[at] = value
      }
    }
  }
  picture.close()
  return { values, width, height }
}

function resample(from, to, out) {
  for (let row = 0; row < to.height; row++) {
    const y = Math.min(from.height - 1, Math.floor(((row + 0.5) * from.height) / to.height)) * from.width
    for (let i = 0; i < to.width; i++) {
      const x = Math.min(from.width - 1, Math.floor(((i + 0.5) * from.width) / to.width))
      out[row * to.width + i] = from.values[y + x] >= 128 ? 1 : 0
    }
  }
}

function make(tag, className = "", text) {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text
  return node
}
