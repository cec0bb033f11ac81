// One photo, large: wheel or pinch to zoom, drag to move, double click for true size and back, keys + - 0 and o.
// Everything is one transform; the browser never gets another picture for it.

const ICONS = {
  plus: '<path d="M12 5v14M5 12h14"/>',
  minus: '<path d="M5 12h14"/>',
  fit: '<path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/>',
  eye: '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="3"/>',
  full: '<path d="M15 4h5v5M20 4l-6 6M9 20H4v-5M4 20l6-6"/>',
}
const DEEPEST = 16

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".viewer")
  if (root.view && root.told === JSON.stringify(data)) return root.view.stop
  root.told = JSON.stringify(data)
  root.view?.stop()
  root.view = view(root, data)
  return () => root.view.stop()
}

function view(root, data) {
  const stage = make("div", "stage")
  const layers = make("div", "layers")
  const photo = layer("photo", data.photo, data.alt)
  const scale = make("div", "scale")
  const tools = make("div", "tools")
  stage.style.aspectRatio = `${data.width} / ${data.height}`
  stage.tabIndex = 0
  stage.setAttribute("role", "img")
  stage.setAttribute("aria-label", data.alt)
  layers.style.width = `${data.width}px`
  layers.style.height = `${data.height}px`
  layers.append(photo)
  photo.onerror = () => stage.append(make("div", "gone", data.words.gone))
  stage.append(layers)
  const show = tool("eye", data.words.evidence, toggle)
  show.setAttribute("aria-pressed", "true")
  if (data.overlay) {
    const evidence = layer("evidence", data.overlay, "")
    evidence.onerror = () => { evidence.remove(); show.hidden = !data.trim }
    layers.append(evidence)
  }
  if (data.mask) {
    const drawn = make("div", "evidence mask")
    drawn.style.maskImage = `url("${data.mask}")`
    layers.append(drawn)
  }
  if (data.trim) {
    const [x0, y0, x1, y1] = data.trim.map((part) => part * 100)
    const box = make("div", "trim")
    Object.assign(box.style, { left: `${x0}%`, top: `${y0}%`, width: `${x1 - x0}%`, height: `${y1 - y0}%` })
    layers.append(box)
  }
  show.hidden = !data.overlay && !data.mask && !data.trim
  tools.append(show, tool("minus", data.words.out, () => zoom(1 / 1.5)), tool("plus", data.words.in, () => zoom(1.5)))
  tools.append(tool("fit", data.words.fit, fit), tool("full", data.words.full, fullscreen))
  for (const button of [...tools.children].slice(1)) button.querySelector("span").remove()
  root.replaceChildren(stage, scale, tools)

  let k = 1, x = 0, y = 0, least = 1
  const fingers = new Map()
  const watch = new ResizeObserver(fit)
  watch.observe(stage)

  function fit() {
    const { clientWidth: w, clientHeight: h } = stage
    if (!w || !h) return
    least = Math.min(w / data.width, h / data.height)
    k = least
    x = (w - data.width * k) / 2
    y = (h - data.height * k) / 2
    draw()
  }
  function draw() {
    const { clientWidth: w, clientHeight: h } = stage
    const held = (at, room, size) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, at)))
    x = held(x, w, data.width * k)
    y = held(y, h, data.height * k)
    layers.style.transform = `translate(${x}px, ${y}px) scale(${k})`
    layers.classList.toggle("grain", k > 3)
    stage.classList.toggle("near", k > least * 1.01)
    scale.textContent = `${Math.round(k * 100)} %`
  }
  function zoom(by, cx = stage.clientWidth / 2, cy = stage.clientHeight / 2) {
    const next = Math.min(Math.max(DEEPEST, least), Math.max(least, k * by))
    x = cx - ((cx - x) * next) / k
    y = cy - ((cy - y) * next) / k
    k = next
    draw()
  }
  function toggle() {
    show.setAttribute("aria-pressed", String(!layers.classList.toggle("without")))
  }
  function fullscreen() {
    document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen?.()
  }
  const here = (event) => {
    const box = stage.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  const spread = () => {
    const [[ax, ay], [bx, by]] = [...fingers.values()]
    return { far: Math.hypot(ax - bx, ay - by), cx: (ax + bx) / 2, cy: (ay + by) / 2 }
  }
  stage.onwheel = (event) => {
    // The page scrolls as usual until the photo is zoomed or Ctrl is held, so that nobody is caught in it.
    if (!event.ctrlKey && k <= least * 1.01 && event.deltaY > 0) return
    event.preventDefault()
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), ...here(event))
  }
  stage.onpointerdown = (event) => {
    if (event.button > 0) return
    fingers.set(event.pointerId, here(event))
    stage.setPointerCapture(event.pointerId)
    stage.classList.add("dragged")
  }
  stage.onpointermove = (event) => {
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
      draw()
    }
  }
  stage.onpointerup = stage.onpointercancel = (event) => {
    fingers.delete(event.pointerId)
    if (!fingers.size) stage.classList.remove("dragged")
  }
  stage.ondblclick = (event) => (k > least * 1.01 ? fit() : zoom(Math.max(1, least * 2.5) / k, ...here(event)))
  stage.onkeydown = (event) => {
    const done = { "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: fit, o: toggle }[event.key]
    if (done) { done(); event.preventDefault() }
  }
  return { stop: () => watch.disconnect() }
}

function layer(name, src, alt) {
  const img = make("img", name)
  img.alt = alt
  img.draggable = false
  img.src = src
  return img
}

function tool(icon, words, action) {
  const button = make("button", "")
  button.type = "button"
  button.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.9"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${ICONS[icon]}</svg>`
  button.append(make("span", "", words))
  button.title = words
  button.setAttribute("aria-label", words)
  button.onclick = action
  return button
}

function make(tag, className, text) {
  const node = document.createElement(tag)
  node.className = className
  if (text !== undefined) node.textContent = text
  return node
}
