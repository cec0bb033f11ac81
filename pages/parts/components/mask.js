// A photo with its label and the probability maps of up to six models. The threshold acts here, in the browser, on
// the stored 8-bit maps: every pixel looks its colour up in a table of 512 entries (value, truth), so a move costs
// one pass over a map. It follows the page's own slider while that is still being dragged (`stage.js` moves it all).

const PAINTS = ["errors", "mask", "heat", "truth", "photo"]
const LAYOUTS = ["one", "side", "swipe"]
const LIGHTS = { brightness: [0.3, 3, 1], contrast: [0.3, 3, 1], drawing: [0, 1, 1] } // least, most, as it is
const CRACK = [214, 34, 143], HIT = [42, 157, 143], MISS = [224, 122, 63], FALSE = [58, 134, 255]
// Larger maps, all together, are drawn reduced, each pixel the highest of those it stands for; they are counted whole.
const MOST_PX = 12e6

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".mask")
  const place = JSON.stringify([data.photo, data.models, data.truth, data.width, data.height, data.words])
  if (root.place !== place) {
    root.explorer?.stop()
    root.place = place
    root.explorer = explorer(root, data)
  }
  root.explorer.keep = setStateValue
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
  const { words, models } = data
  const several = models.length > 1
  const panes = make("div", "panes")
  const told = make("div", "told")
  const views = make("div", "views")
  const layouts = make("div", "views")
  const tools = make("div", "tools")
  const lights = make("div", "lights")
  const ends = make("div", "ends")
  const bar = make("div", "bar")
  for (const group of [views, layouts]) group.setAttribute("role", "group")
  told.setAttribute("aria-live", "off")
  lights.hidden = true
  bar.append(views, layouts, tools)
  root.replaceChildren(bar, lights, ends, panes, told)
  const paints = PAINTS.filter((name) => (name === "photo" ? data.photo : name === "truth" || name === "errors" ? data.truth : true))
  const sources = [data.photo && "photo", data.truth && "truth", ...models.map((_, i) => i)].filter((one) => one !== "" && one !== undefined)
  let paint_ = paints.includes(data.view) ? data.view : paints[0]
  let layout = LAYOUTS.includes(data.layout) && sources.length > 1 ? data.layout : "one"
  let threshold = data.threshold, truth = null, size = [data.width, data.height]
  let isOwn = data.own, split = 0.5, left = sources[0], right = several ? 1 : 0
  if (several) left = 0
  let asked = 0, later = 0, gone = ""
  let drawn = []
  const said = models.map(() => null) // of each model: its values and how often each (value, truth) occurs
  const light = Object.fromEntries(Object.entries(LIGHTS).map(([name, [, , plain]]) => [name, plain]))
  const view = camera(data, () => drawn)
  const self = { stop, use, keep() {}, ask() {} }

  for (const name of paints) views.append(choice(words[name], name, "view", () => { show(name, layout); self.keep("view", name) }))
  if (sources.length > 1) {
    for (const name of LAYOUTS) layouts.append(choice(words[name], name, "layout", () => { show(paint_, name); self.keep("layout", name) }))
  }
  if (several) {
    const own = choice(words.own, "own", "own", () => { isOwn = !isOwn; own.setAttribute("aria-pressed", String(isOwn)); draw() })
    own.title = words.own_help
    own.setAttribute("aria-pressed", String(isOwn))
    tools.append(own)
  }
  const lamp = tool("light", words.tool_light, () => { lights.hidden = !lights.hidden; lamp.setAttribute("aria-pressed", String(!lights.hidden)) })
  lamp.setAttribute("aria-pressed", "false")
  tools.append(lamp, tool("minus", words.tool_minus, () => view.zoom(1 / 1.5)), tool("plus", words.tool_plus, () => view.zoom(1.5)))
  tools.append(tool("fit", words.tool_fit, view.fit), tool("full", words.tool_full, () => fullscreen(root)))
  lightsOf()
  const slider = new MutationObserver((changes) => changes.forEach(({ target }) => follow(target)))
  slider.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["aria-valuetext"] })
  show(paint_, layout)
  load()
  return self

  function choice(text, name, kind, act) {
    const button = make("button", kind === "own" ? "word" : "", text)
    button.type = "button"
    button.dataset[kind] = name
    button.onclick = act
    return button
  }
  function lightsOf() {
    for (const [name, [least, most]] of Object.entries(LIGHTS)) {
      const label = make("label", "", words[name])
      const range = make("input")
      Object.assign(range, { type: "range", min: least, max: most, step: 0.01, value: light[name] })
      range.dataset.light = name
      range.oninput = () => { light[name] = Number(range.value); shine() }
      label.append(range)
      lights.append(label)
    }
    const plain = choice(words.plain, "plain", "light", () => {
      for (const range of lights.querySelectorAll("input")) range.value = light[range.dataset.light] = LIGHTS[range.dataset.light][2]
      shine()
    })
    plain.className = "word"
    lights.append(plain)
  }
  function shine() {
    root.style.setProperty("--light", `brightness(${light.brightness}) contrast(${light.contrast})`)
    root.style.setProperty("--drawing", String(light.drawing))
  }
  function follow(target) {
    if (!data.follow || !target.closest?.(`.st-key-${CSS.escape(data.follow)}`)) return
    const value = Number(target.value)
    if (Number.isFinite(value)) use(value)
  }
  async function load() {
    say(words.loading)
    const most = MOST_PX / models.length
    const label = data.truth ? await grey(data.truth).catch(() => null) : null
    label?.values.forEach((v, at) => { label.values[at] = v >= 128 ? 1 : 0 })
    await Promise.all(models.map(async ({ map }, i) => {
      if (!map) return
      try {
        const whole = await grey(map)
        const same = label && label.width === whole.width && label.height === whole.height
        const drawnBy = same ? label : label && resampled(label, whole.width, whole.height)
        const counts = new Float64Array(512)
        if (drawnBy) for (let at = 0; at < whole.values.length; at++) counts[whole.values[at] | (drawnBy.values[at] << 8)]++
        else for (const v of whole.values) counts[v]++
        const by = Math.max(1, Math.ceil(Math.sqrt(whole.values.length / most)))
        let p = reduced(whole, by)
        if (!truth) {
          size = [p.width, p.height]
          truth = drawnBy ? reduced(drawnBy, by).values : new Uint8Array(p.values.length)
        }
        if (p.width !== size[0] || p.height !== size[1]) p = resampled(p, ...size)
        said[i] = { values: p.values, counts }
      } catch {
        if (!i) gone = words.gone
      }
    }))
    say(gone)
    draw()
  }
  function use(value) {
    if (value === threshold && drawn.at === value) return
    threshold = value
    root.dataset.threshold = String(value)
    if (!asked) asked = requestAnimationFrame(() => { asked = 0; draw() })
  }
  /** A model's threshold: the page's, or its own. The page's is that of its own model, but `data.own`. */
  function thresholdOf(i) {
    return isOwn && (i > 0 || data.own) && models[i].threshold != null ? models[i].threshold : threshold
  }
  function cutOf(i) {
    return level(thresholdOf(i))
  }
  function show(name, how) {
    paint_ = name
    layout = how
    for (const button of views.children) button.setAttribute("aria-pressed", String(button.dataset.view === name))
    for (const button of layouts.children) button.setAttribute("aria-pressed", String(button.dataset.layout === how))
    const own = name === "truth" || name === "photo" ? name : null
    if (how === "one") drawn = [pane([own ?? 0])]
    else if (how === "side") drawn = sources.map((source) => pane([source]))
    else drawn = [pane([left, right])]
    panes.dataset.n = String(drawn.length)
    ends.hidden = how !== "swipe"
    if (how === "swipe") pickEnds()
    panes.replaceChildren(...drawn.map(({ node }) => node))
    view.watched()
    if (gone) say(gone)
    else if (!truth) say(words.loading)
    draw()
  }
  /** What a source is painted as: a model as chosen, where the choice says something of a model. */
  function paintOf(source) {
    if (source === "photo" || source === "truth") return source
    return ["errors", "mask", "heat"].includes(paint_) ? paint_ : paints[0]
  }
  function nameOf(source) {
    return typeof source === "number" ? (several ? models[source].name : words[paintOf(source)]) : words[source]
  }
  function pickEnds() {
    const pick = (label, now, set) => {
      const select = make("select")
      select.setAttribute("aria-label", label)
      for (const source of sources) {
        const option = make("option", "", nameOf(source))
        option.value = String(source)
        option.selected = source === now
        select.append(option)
      }
      select.onchange = () => { set(sources.find((one) => String(one) === select.value)); show(paint_, layout) }
      return select
    }
    ends.replaceChildren(pick(words.left, left, (one) => { left = one }), pick(words.right, right, (one) => { right = one }))
  }
  /** One pane; with two sources the second lies over the first, right of a line that can be dragged. */
  function pane(shown) {
    const node = make("div", "pane")
    const state = make("div", "state")
    node.style.aspectRatio = `${data.width} / ${data.height}`
    node.tabIndex = 0
    node.setAttribute("role", "img")
    node.setAttribute("aria-label", `${data.alt} – ${shown.map(nameOf).join(", ")}`)
    const parts = shown.map((source, i) => {
      const half = make("div", "half")
      const layers = make("div", "layers")
      const canvas = make("canvas")
      const tag = make("div", `tag${i ? " right" : ""}`, nameOf(source))
      layers.style.width = `${data.width}px`
      layers.style.height = `${data.height}px`
      if (data.photo) {
        const photo = make("img")
        photo.alt = ""
        photo.draggable = false
        photo.src = data.photo
        layers.append(photo)
      }
      if (source !== "photo") layers.append(canvas)
      half.append(layers)
      node.append(half, tag)
      return { source, half, layers, canvas, tag }
    })
    if (parts.length > 1) node.append(divider(node, parts[1].half))
    node.append(state)
    view.gestures(node)
    node.onkeydown = keys(view, {
      v: next(1), V: next(-1), c: change, "[": cut(-0.01), "]": cut(0.01), "{": cut(-0.05), "}": cut(0.05),
    })
    return { node, state, parts, layers: parts.map(({ layers }) => layers) }
  }
  function divider(node, half) {
    const line = make("div", "line")
    const range = make("input")
    Object.assign(range, { type: "range", min: 0, max: 1000, value: Math.round(split * 1000) })
    range.setAttribute("aria-label", words.swipe)
    const place = () => {
      line.style.left = `${split * 100}%`
      half.style.clipPath = `inset(0 0 0 ${split * 100}%)`
    }
    range.oninput = () => { split = Number(range.value) / 1000; place() }
    line.append(range)
    line.onpointerdown = (event) => { line.setPointerCapture(event.pointerId); event.stopPropagation(); event.preventDefault(); range.focus() }
    line.onpointermove = (event) => {
      if (!line.hasPointerCapture(event.pointerId)) return
      const box = node.getBoundingClientRect()
      split = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
      range.value = Math.round(split * 1000)
      place()
    }
    line.onkeydown = (event) => event.stopPropagation()
    place()
    return line
  }
  function next(by) {
    return () => {
      const name = paints[(paints.indexOf(paint_) + by + paints.length) % paints.length]
      show(name, layout)
      self.keep("view", name)
      panes.firstChild.focus()
    }
  }
  function change() {
    if (!layouts.children.length) return
    const name = LAYOUTS[(LAYOUTS.indexOf(layout) + 1) % LAYOUTS.length]
    show(paint_, name)
    self.keep("layout", name)
    panes.firstChild.focus()
  }
  function cut(by) {
    return () => {
      const value = Math.min(0.999, Math.max(0.001, Math.round((threshold + by) * 1000) / 1000))
      use(value)
      clearTimeout(later)
      later = setTimeout(() => self.ask(value), 250)
    }
  }
  function say(text) { drawn.forEach(({ state }) => { state.textContent = text }) }

  function draw() {
    const began = performance.now()
    drawn.at = threshold
    if (truth) {
      for (const { parts } of drawn) {
        for (const part of parts) {
          const i = typeof part.source === "number" ? part.source : 0
          if (part.source !== "photo" && (said[i] || part.source === "truth")) paint(part.canvas, paintOf(part.source), said[i]?.values, cutOf(i))
          if (several && typeof part.source === "number" && data.truth && said[i]) {
            part.tag.textContent = `${nameOf(i)} · F1 ${share(2 * figures(i).tp, 2 * figures(i).tp + figures(i).fp + figures(i).fn)}`
          }
        }
      }
      tell()
    }
    view.move()
    root.dataset.ms = (performance.now() - began).toFixed(2)
  }
  function paint(canvas, name, values, cut) {
    const [w, h] = size
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h }
    const pen = canvas.getContext("2d")
    canvas.sheet ??= pen.createImageData(w, h)
    const out = new Uint32Array(canvas.sheet.data.buffer)
    const colours = table(name, cut)
    if (values) for (let i = 0; i < out.length; i++) out[i] = colours[values[i] | (truth[i] << 8)]
    else for (let i = 0; i < out.length; i++) out[i] = colours[truth[i] << 8]
    pen.putImageData(canvas.sheet, 0, 0)
  }
  function figures(i) {
    let tp = 0, fp = 0, fn = 0
    const { counts } = said[i], cut = cutOf(i)
    for (let v = 0; v < 256; v++) {
      if (v >= cut) { tp += counts[v + 256]; fp += counts[v] } else fn += counts[v + 256]
    }
    return { tp, fp, fn }
  }
  function tell() {
    if (several && layout !== "one") return tellAll()
    if (!said[0]) return
    const { tp, fp, fn } = figures(0)
    const parts = []
    const add = (label, value, tint) => {
      const one = make("span", tint ? "key" : "")
      if (tint) one.style.setProperty("--tint", `rgb(${tint})`)
      one.append(`${label} `, make("b", "", value))
      parts.push(one)
    }
    if (data.truth) {
      add(words.found, px(tp), HIT)
      add(words.missed, px(fn), MISS)
      add(words.false, px(fp), FALSE)
      add(words.precision, share(tp, tp + fp))
      add(words.recall, share(tp, tp + fn))
      add("F1", share(2 * tp, 2 * tp + fp + fn))
    } else add(words.crack_px, px(tp + fp), CRACK)
    told.replaceChildren(...parts, make("span", "quiet", words.pixels))
  }
  /** All models in one table, the best F1 of this photo marked. */
  function tellAll() {
    const heads = data.truth ? [words.threshold, words.precision, words.recall, "F1", words.found, words.missed, words.false] : [words.threshold, words.crack_px]
    const grid = make("table")
    const head = make("tr")
    head.append(make("th"), ...heads.map((text) => make("th", "", text)))
    grid.append(head)
    const all = models.map((_, i) => (said[i] ? figures(i) : null))
    const f1s = all.map((one) => (one && 2 * one.tp + one.fp + one.fn ? (2 * one.tp) / (2 * one.tp + one.fp + one.fn) : -1))
    models.forEach(({ name }, i) => {
      const row = make("tr", data.truth && f1s[i] >= 0 && f1s[i] === Math.max(...f1s) ? "best" : "")
      row.append(make("th", "", name))
      const one = all[i]
      const at = thresholdOf(i).toFixed(3)
      const cells = !one ? [at, words.no_map] : data.truth
        ? [at, share(one.tp, one.tp + one.fp), share(one.tp, one.tp + one.fn), share(2 * one.tp, 2 * one.tp + one.fp + one.fn), px(one.tp), px(one.fn), px(one.fp)]
        : [at, px(one.tp + one.fp)]
      row.append(...cells.map((text) => make("td", "", text)))
      grid.append(row)
    })
    told.replaceChildren(grid)
  }
  function stop() {
    view.stop()
    slider.disconnect()
    cancelAnimationFrame(asked)
    clearTimeout(later)
  }
}

function share(part, whole) { return whole ? (part / whole).toFixed(3) : "–" }
function px(n) { return n.toLocaleString("en") }

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

/** The grey values of a picture: { values, width, height }. */
async function grey(address) {
  const reply = await fetch(address)
  if (!reply.ok) throw new Error(String(reply.status))
  const picture = await createImageBitmap(await reply.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" })
  const { width, height } = picture
  const values = new Uint8Array(width * height)
  const strip = Math.min(256, height) // a canvas as large as the picture would take four times its bytes
  const canvas = new OffscreenCanvas(width, strip)
  const pen = canvas.getContext("2d", { willReadFrequently: true })
  for (let top = 0; top < height; top += strip) {
    const rows = Math.min(strip, height - top)
    pen.clearRect(0, 0, width, rows)
    pen.drawImage(picture, 0, top, width, rows, 0, 0, width, rows)
    const { data } = pen.getImageData(0, 0, width, rows)
    for (let i = 0, at = top * width; i < rows * width; i++, at++) values[at] = data[i * 4]
  }
  picture.close()
  return { values, width, height }
}

/** The same, smaller: each value the highest of `by` × `by`, so that a thin crack stays. */
function reduced(from, by) {
  if (by === 1) return from
  const width = Math.ceil(from.width / by), height = Math.ceil(from.height / by)
  const values = new Uint8Array(width * height)
  for (let row = 0, at = 0; row < from.height; row++) {
    const out = Math.floor(row / by) * width
    for (let i = 0; i < from.width; i++, at++) {
      const to = out + Math.floor(i / by)
      if (from.values[at] > values[to]) values[to] = from.values[at]
    }
  }
  return { values, width, height }
}

/** The same on another grid, the nearest of each. */
function resampled(from, width, height) {
  const values = new Uint8Array(width * height)
  for (let row = 0; row < height; row++) {
    const y = Math.min(from.height - 1, Math.floor(((row + 0.5) * from.height) / height)) * from.width
    for (let i = 0; i < width; i++) {
      values[row * width + i] = from.values[y + Math.min(from.width - 1, Math.floor(((i + 0.5) * from.width) / width))]
    }
  }
  return { values, width, height }
}
