// A box on a photo: drag it, drag its eight handles, or draw a new one; by mouse, finger or keys (arrows move it,
// with Shift they grow and shrink it). Fractions of the photo, 0 to 1, go to Python when the box is kept. A box
// that is being drawn stays when something else about the photo becomes known (its verdict, a proposal).

const LEAST = 0.04
const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"]

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".crop")
  const told = JSON.stringify(data)
  if (root.told !== told) {
    root.told = told
    draw(root, data)
  }
  root.keep = (box) => setTriggerValue("box", box)
}

function draw(root, data) {
  const { words } = data
  const first = data.box ?? data.proposed ?? [0.1, 0.1, 0.9, 0.9]
  const of = JSON.stringify([data.photo, data.box])
  let box = [...first]
  const stage = make("div", "stage")
  const photo = make("img", "photo")
  const cut = make("div", "cut")
  const tools = make("div", "tools")
  photo.src = data.photo
  photo.alt = data.alt
  photo.draggable = false
  stage.style.aspectRatio = `${data.width} / ${data.height}`
  stage.style.maxWidth = `calc(68vh * ${data.width / data.height})`
  cut.tabIndex = 0
  cut.setAttribute("role", "application")
  cut.setAttribute("aria-label", words.box)
  for (const name of HANDLES) {
    const handle = make("i", `handle ${name}`)
    handle.dataset.name = name
    cut.append(handle)
  }
  stage.append(photo, cut)
  const keep = button(words.keep, "primary", () => root.keep(box.map((v) => Math.round(v * 1e4) / 1e4)))
  const whole = button(words.whole, "", () => set([0, 0, 1, 1]))
  const back = button(words.back, "", () => set([...first]))
  const propose = button(words.propose, "", () => set([...data.proposed]))
  tools.append(keep, ...(data.proposed && data.box ? [propose] : []), back, whole)
  const hint = make("div", "hint", words.hint)
  hint.append(" ", make("span", "keys", words.keys))
  root.replaceChildren(stage, tools, hint)
  set(root.drawn?.of === of ? root.drawn.box : box)

  function set(next) {
    const [x0, y0, x1, y1] = next
    const left = clamp(Math.min(x0, x1), 0, 1 - LEAST)
    const top = clamp(Math.min(y0, y1), 0, 1 - LEAST)
    box = [left, top, clamp(Math.max(x0, x1), left + LEAST, 1), clamp(Math.max(y0, y1), top + LEAST, 1)]
    Object.assign(cut.style, {
      left: `${box[0] * 100}%`, top: `${box[1] * 100}%`,
      width: `${(box[2] - box[0]) * 100}%`, height: `${(box[3] - box[1]) * 100}%`,
    })
    const is = (other) => other.every((v, i) => Math.abs(v - box[i]) < 5e-4)
    keep.disabled = is(data.box ?? [0, 0, 1, 1])
    back.disabled = is(first)
    root.drawn = is(first) ? null : { of, box }
    root.dataset.box = box.map((v) => v.toFixed(4)).join(",")
  }
  function moved(from, dx, dy) {
    const x = clamp(dx, -from[0], 1 - from[2])
    const y = clamp(dy, -from[1], 1 - from[3])
    set([from[0] + x, from[1] + y, from[2] + x, from[3] + y])
  }
  const at = (event) => {
    const { left, top, width, height } = stage.getBoundingClientRect()
    return [clamp((event.clientX - left) / width, 0, 1), clamp((event.clientY - top) / height, 0, 1)]
  }
  stage.onpointerdown = (event) => {
    if (event.button > 0) return
    event.preventDefault()
    cut.focus({ preventScroll: true })
    stage.setPointerCapture(event.pointerId)
    const start = at(event)
    const name = event.target.dataset?.name
    const from = [...box]
    stage.onpointermove = (move) => {
      const [x, y] = at(move)
      if (name) {
        set([
          name.includes("w") ? Math.min(x, from[2] - LEAST) : from[0],
          name.includes("n") ? Math.min(y, from[3] - LEAST) : from[1],
          name.includes("e") ? Math.max(x, from[0] + LEAST) : from[2],
          name.includes("s") ? Math.max(y, from[1] + LEAST) : from[3],
        ])
      } else if (event.target === cut) moved(from, x - start[0], y - start[1])
      else set([start[0], start[1], x, y])
    }
    stage.onpointerup = stage.onpointercancel = () => { stage.onpointermove = null }
  }
  cut.onkeydown = (event) => {
    const step = event.ctrlKey ? 0.05 : 0.01
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key]
    if (event.key === "Enter" && !keep.disabled) return keep.click()
    if (!way) return
    event.preventDefault()
    event.stopPropagation()
    if (event.shiftKey) set([box[0], box[1], box[2] + way[0], box[3] + way[1]])
    else moved(box, ...way)
  }
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value))
}

function button(words, kind, action) {
  const node = make("button", kind, words)
  node.type = "button"
  node.onclick = action
  return node
}
