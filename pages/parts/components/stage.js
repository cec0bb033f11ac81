// What every large photo can do, on one pane or on several at once: wheel or pinch to zoom, drag to move, double
// click for closer and back, keys + - 0 and arrows. All is one transform; the browser gets no other picture for it.

const ICONS = {
  plus: '<path d="M12 5v14M5 12h14"/>',
  minus: '<path d="M5 12h14"/>',
  fit: '<path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/>',
  full: '<path d="M15 4h5v5M20 4l-6 6M9 20H4v-5M4 20l6-6"/>',
  eye: '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="3"/>',
  light: '<circle cx="12" cy="12" r="4"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4"/>',
  ruler: '<path d="M4 15.5 15.5 4l4.5 4.5L8.5 20zM8 11.5l2 2M11 8.5l2 2M14 5.5l2 2"/>',
}
const DEEPEST = 24

/** The camera over a photo of this size. `panes()` gives what shows it: [{ node, layers }], all of one size. */
function camera({ width, height }, panes, moved = () => {}) {
  let k = 1, x = 0, y = 0, least = 1
  const fingers = new Map()
  const watch = new ResizeObserver(() => fit())
  const self = { fit, move, zoom, pan, gestures, watched, stop: () => watch.disconnect(), photo, screen, taken: null, isBusy: false }
  Object.defineProperty(self, "scale", { get: () => k })
  return self

  function room() {
    const node = panes()[0]?.node
    return node?.clientWidth && node.clientHeight ? [node.clientWidth, node.clientHeight] : null
  }
  function fit() {
    const now = room()
    if (!now) return
    k = least = Math.min(now[0] / width, now[1] / height)
    x = (now[0] - width * k) / 2
    y = (now[1] - height * k) / 2
    move()
  }
  function move() {
    const now = room()
    if (!now) return
    const held = (at, space, length) => (length <= space ? (space - length) / 2 : Math.min(0, Math.max(space - length, at)))
    x = held(x, now[0], width * k)
    y = held(y, now[1], height * k)
    for (const { node, layers } of panes()) {
      for (const one of [layers].flat()) {
        one.style.transform = `translate(${x}px, ${y}px) scale(${k})`
        one.classList.toggle("grain", k > 3)
      }
      node.classList.toggle("near", k > least * 1.01)
    }
    moved()
  }
  function zoom(by, cx, cy) {
    const now = room()
    if (!now) return
    cx ??= now[0] / 2
    cy ??= now[1] / 2
    const next = Math.min(Math.max(DEEPEST, least), Math.max(least, k * by))
    x = cx - ((cx - x) * next) / k
    y = cy - ((cy - y) * next) / k
    k = next
    move()
  }
  function pan(dx, dy) { x += dx; y += dy; move() }
  /** A place on the pane in pixels of the photo, and back. */
  function photo(px, py) { return [(px - x) / k, (py - y) / k] }
  function screen(px, py) { return [px * k + x, py * k + y] }
  function watched() {
    watch.disconnect()
    for (const { node } of panes()) watch.observe(node)
  }
  /** Let a pane be moved; `self.taken(event, [x, y])` may take a press for itself by returning true. */
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
      if (event.button > 0 || self.taken?.(event, here(event))) return
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
      } else pan(at[0] - before[0], at[1] - before[1])
    }
    node.onpointerup = node.onpointercancel = (event) => {
      fingers.delete(event.pointerId)
      if (!fingers.size) node.classList.remove("dragged")
    }
    node.ondblclick = (event) => !self.isBusy && (k > least * 1.01 ? fit() : zoom(Math.max(1, least * 3) / k, ...here(event)))
  }
}

/** What the keys of a pane do; `more` are those of the element itself. */
function keys(view, more = {}) {
  const pan = (dx, dy) => () => view.pan(dx, dy)
  const all = {
    "+": () => view.zoom(1.5), "=": () => view.zoom(1.5), "-": () => view.zoom(1 / 1.5), 0: view.fit,
    ArrowLeft: pan(40, 0), ArrowRight: pan(-40, 0), ArrowUp: pan(0, 40), ArrowDown: pan(0, -40),
    ...more,
  }
  return (event) => {
    const done = event.ctrlKey || event.metaKey || event.altKey ? null : all[event.key]
    if (done && done(event) !== false) event.preventDefault()
  }
}

function fullscreen(node) {
  document.fullscreenElement ? document.exitFullscreen() : node.requestFullscreen?.()
}

/** A round button with a drawing; its words are said and shown on hover. */
function tool(icon, words, act) {
  const button = make("button")
  button.type = "button"
  button.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${ICONS[icon]}</svg>`
  button.title = words
  button.setAttribute("aria-label", words)
  button.onclick = act
  return button
}
