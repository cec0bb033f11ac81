// One photo, large, with what was found drawn in; key o switches the drawing off and on (`stage.js` moves it).

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".viewer")
  const told = JSON.stringify(data)
  if (root.told !== told) {
    root.view?.stop()
    root.told = told
    root.view = view(root, data)
  }
  root.view.send = (name, value) => setTriggerValue(name, value)
  return () => root.view.stop()
}

function view(root, data) {
  const { words } = data
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
  photo.onerror = () => stage.append(make("div", "gone", words.gone))
  stage.append(layers)
  const self = { stop, send() {} }
  const show = tool("eye", words.evidence, toggle)
  show.append(make("span", "", words.evidence))
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
  const far = camera(data, () => [{ node: stage, layers }], () => {
    scale.textContent = `${Math.round(far.scale * 100)} %`
    measure?.move()
  })
  const measure = data.ruler ? ruler(stage, far, data, (told) => self.send("scale", told)) : null
  if (measure) tools.append(measure.button)
  tools.append(show, tool("minus", words.out, () => far.zoom(1 / 1.5)), tool("plus", words.in, () => far.zoom(1.5)))
  tools.append(tool("fit", words.fit, far.fit), tool("full", words.full, () => fullscreen(root)))
  const held = make("div", "held")
  held.append(stage, scale, tools)
  root.replaceChildren(held, ...(measure ? [measure.panel] : []))
  far.gestures(stage)
  stage.onkeydown = keys(far, { o: toggle, ...measure?.keys })
  far.watched()
  return self

  function toggle() {
    show.setAttribute("aria-pressed", String(!layers.classList.toggle("without")))
  }
  function stop() { far.stop() }
}

function layer(name, src, alt) {
  const img = make("img", name)
  img.alt = alt
  img.draggable = false
  img.src = src
  return img
}
