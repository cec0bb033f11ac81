// The photos of a cycle in the order of their probability: a curve with the two lines of the selection, and below
// it every photo. The lines act here, in the browser, on the stored probabilities (`selection.js`); `staircase.js`
// draws them. What is picked, shown and moved goes to the page's address; what people say of photos goes to Python,
// which alone writes.

const TICK = '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4" aria-hidden="true"><path d="M5 12.5l4.5 4.5L19 7.5"/></svg>'
const TURN = '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" aria-hidden="true"><path d="M4 9h13l-4-4M20 15H7l4 4"/></svg>'
const COUNTS = ["defect", "wrong", "false_defects", "missed_defects", "left"]
const FILTERS = ["all", "defect", "normal", "left", "changed", "wrong", "said", "flipped"]
const LINES = {
  // what a rule is moved by
  both: ["threshold", "share", "size"],
  threshold: ["threshold"],
  share: ["share", "size"],
  sure: ["sure"],
  balanced: ["share", "portion", "size"],
}
const SCALES = { threshold: [0, 1, 0.005], share: [0, 1, 0.01], sure: [0.5, 1, 0.005], portion: [0, 1, 0.01] }
const TEXT = 68 // px below a tile's photo: three lines
const GAP = 10
const AHEAD = 1400 // px of tiles kept above and below what is in sight
const AT_ONCE = 6 // photos fetched ahead of the scroll at a time

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".ledger")
  root.desk ??= desk(root)
  root.desk.tell = {
    seen: (value) => setStateValue("seen", value),
    act: (value) => setTriggerValue("act", value),
    open: (value) => setTriggerValue("open", value),
  }
  root.desk.take(data)
  return () => root.desk.stop()
}

function desk(root) {
  let data, state, order, at, grouped, said, changed, wrong, given, effective, shown = [], picked = new Set()
  let anchor = null, layout = null, frame = 0, ahead = null, told = ""
  const tiles = new Map()
  const self = { take, stop, tell: {} }
  const head = make("div", "head"), title = make("div", "title"), plot = make("div", "plot"), side = make("div", "side")
  const bar = make("div", "bar"), wall = make("div", "wall"), top = make("div", "top"), peek = make("div", "peek")
  const words = make("div", "words"), note = make("div", "note")
  words.append(title, note)
  head.append(words)
  top.append(plot, side)
  peek.hidden = true
  plot.append(peek)
  wall.setAttribute("role", "list")
  root.replaceChildren(head, top, bar, wall)
  let plotWidth = 0
  const seen = new ResizeObserver(() => {
    plotWidth = plot.clientWidth
    if (data) { drawPlot(); lay() }
  })
  const scrolled = () => { frame ||= requestAnimationFrame(() => { frame = 0; paint() }) }
  start()
  return self

  function start() {
    seen.observe(root)
    document.addEventListener("scroll", scrolled, { capture: true, passive: true })
    addEventListener("resize", scrolled)
    self.runs = true
  }
  function stop() {
    seen.disconnect()
    document.removeEventListener("scroll", scrolled, { capture: true })
    removeEventListener("resize", scrolled)
    clearTimeout(ahead)
    self.runs = false
  }

  // What comes in ------------------------------------------------------------------------------------

  function take(now) {
    if (!self.runs) start()
    const is_other = !data || data.id !== now.id
    const same = JSON.stringify(now)
    if (same === told) return
    told = same
    data = now
    if (is_other) {
      state = { ...now.lines, filter: now.filter }
      order = [...now.p.keys()]
      if (now.mode !== "ask") order.sort((a, b) => now.p[b] - now.p[a] || a - b)
      root.dataset.mode = now.mode
      at = new Array(order.length)
      order.forEach((i, place) => { at[i] = place })
      picked = new Set([...places(now.picked, order.length)].map((place) => order[place]))
      tiles.forEach((node) => node.remove())
      tiles.clear()
      head.querySelector(".menu")?.remove()
      head.append(dots(now.words, now.words.title, { csv: saveCsv, png: savePng, svg: saveSvg }).menu)
      side.replaceChildren()
      if (now.mode !== "ask") drawSide()
    }
    title.textContent = data.words.title
    note.textContent = data.words.note
    given = data.given
    effective = given.map((is, i) => (data.marks[i] ? data.marks[i].label : is))
    again(true)
    if (is_other) fetchAhead()
  }

  /** Selects again with the lines as they are, and shows what that changes. */
  function again(is_new = false) {
    grouped = groups(data.p, data.part, state.size)
    // A run that estimates its share had another one in each cycle; they hold until the share is moved.
    const own = state.size || state.share !== data.run.share ? [] : grouped.map(([i]) => data.shares[data.part[i]])
    said = choose(data.p, grouped, state, data.rule, own).map((is, i) => (data.fixed[i] ? given[i] : is))
    changed = said.map((is, i) => is !== given[i])
    wrong = said.map((is, i) => is !== LEFT && data.truth[i] >= 0 && is !== data.truth[i])
    drawPlot()
    drawCounts()
    const before = shown
    shown = order.filter((i) => passes(i, state.filter))
    drawBar()
    if (is_new || shown.length !== before.length || shown.some((i, n) => i !== before[n])) lay()
    tiles.forEach((node, i) => write(node, i))
  }

  function passes(i, filter) {
    switch (filter) {
      case "defect": return said[i] === DEFECT
      case "normal": return said[i] === NORMAL
      case "left": return said[i] === LEFT
      case "changed": return changed[i]
      case "wrong": return wrong[i]
      case "said": return Boolean(data.marks[i])
      case "flipped": return Boolean(data.flips[i])
      default: return true
    }
  }

  function remember() {
    const moved = Object.keys(data.run).filter((name) => state[name] !== data.run[name])
    self.tell.seen({ ...state, id: data.id, moved, picked: ranges([...picked].map((i) => at[i])) })
  }

  function moved(is_over) {
    again()
    drawValues()
    if (is_over) remember()
  }

  // The lines as sliders, the counts beside them ---------------------------------------------------------

  function drawSide() {
    const { words } = data
    const controls = make("div", "controls")
    for (const name of LINES[data.rule]) {
      if (name === "size" && data.p.length < 4) continue
      const [low, high, step] = SCALES[name] ?? [2, data.p.length, 1]
      const row = make("label", "control")
      const input = make("input")
      Object.assign(input, { type: "range", min: low, max: high, step })
      input.dataset.name = name
      input.setAttribute("aria-label", words[name])
      input.oninput = () => {
        const value = Number(input.value)
        state[name] = name === "size" && value >= data.p.length ? 0 : value
        moved(false)
      }
      input.onchange = () => remember()
      row.append(make("span", "name", words[name]), make("span", "value"), input)
      controls.append(row)
    }
    const back = make("button", "back", words.back)
    back.type = "button"
    back.onclick = () => {
      Object.assign(state, data.run)
      moved(true)
    }
    const table = make("table", "counts")
    table.append(make("caption"), make("thead"), make("tbody"))
    side.replaceChildren(controls, back, table, make("div", "small", words.aside))
    drawValues()
  }

  function drawValues() {
    if (data.mode === "ask") return
    const percent = (value) => `${Math.round(100 * value)}\u00a0%`
    const told = {
      threshold: state.threshold.toFixed(3),
      sure: state.sure.toFixed(3),
      share: percent(state.share),
      portion: percent(state.portion),
      size: state.size ? String(state.size) : data.words.as_run,
    }
    for (const input of side.querySelectorAll("input")) {
      const { name } = input.dataset
      const value = name === "size" ? state.size || data.p.length : state[name]
      if (Number(input.value) !== value) input.value = value
      input.parentElement.querySelector(".value").textContent = told[name]
      input.setAttribute("aria-valuetext", told[name])
    }
    side.querySelector(".back").disabled = Object.keys(data.run).every((name) => state[name] === data.run[name])
  }

  function drawCounts() {
    if (data.mode === "ask") return
    const { words } = data
    const was = mistakes(given, data.truth), then = mistakes(said, data.truth)
    const people = data.marks.some(Boolean) ? mistakes(effective, data.truth) : null
    const table = side.querySelector(".counts")
    const n = changed.filter(Boolean).length
    table.querySelector("caption").textContent = words.changed.replace("{n}", n).replace("{of}", data.p.length)
    table.dataset.changed = n
    const heads = ["", words.was, words.would, ...(people ? [words.people] : [])]
    const top = make("tr")
    heads.forEach((text) => { const th = make("th", "", text); th.scope = "col"; top.append(th) })
    table.tHead.replaceChildren(top)
    const names = COUNTS.filter((name) => (name === "left" ? was.left || then.left : name === "defect" || then.known || was.known))
    table.tBodies[0].replaceChildren(...names.map((name) => {
      const row = make("tr", name === "wrong" ? "marked" : "")
      row.dataset.name = name
      const share = (told) => (name === "wrong" && told.known ? ` · ${(100 * told.wrong / told.known).toFixed(1)}\u00a0%` : "")
      row.append(make("th", "", words[name]))
      for (const told of [was, then, ...(people ? [people] : [])]) row.append(make("td", "", told[name] + share(told)))
      return row
    }))
  }

  // The curve ------------------------------------------------------------------------------------------

  function drawPlot() {
    if (data.mode === "ask") return
    plotWidth ||= plot.clientWidth  // measured once and on resize: asking at every move would lay the page out
    layout = staircase({ data, state, order, grouped, said, changed, wrong, picked }, plotWidth)
    plot.querySelector("svg")?.remove()
    plot.prepend(layout.svg)
    if (!plot.hears) listen()
  }

  function listen() {
    plot.hears = true
    let drag = null
    const point = (event) => {
      const box = layout.svg.getBoundingClientRect()
      return [event.clientX - box.left, event.clientY - box.top]
    }
    plot.onpointerdown = (event) => {
      if (event.button !== 0 || event.target.closest(".peek")) return
      const [x, y] = point(event)
      if (x < MARGIN.left - 6 || y > layout.height - MARGIN.bottom + 6) return
      drag = { name: event.target.dataset?.name ?? "lasso", path: [[x, y]], adds: event.shiftKey || event.ctrlKey || event.metaKey }
      plot.setPointerCapture(event.pointerId)
      event.preventDefault()
    }
    plot.onpointermove = (event) => {
      const [x, y] = point(event)
      if (!drag) return look(x, y)
      peek.hidden = true
      if (drag.name === "threshold" || drag.name === "sure") {
        const p = 1 - (y - MARGIN.top) / layout.inner.h
        state[drag.name] = Math.round(200 * Math.min(1, Math.max(SCALES[drag.name][0], p))) / 200
        moved(false)
      } else if (drag.name === "share") {
        state.share = Math.round(100 * Math.min(1, Math.max(0, (x - MARGIN.left) / layout.inner.w))) / 100
        moved(false)
      } else {
        drag.path.push([x, y])
        layout.lasso.setAttribute("d", `M${drag.path.map((q) => q.join(" ")).join("L")}z`)
      }
    }
    plot.onpointerup = (event) => {
      if (!drag) return
      const { name, path, adds } = drag
      drag = null
      if (name !== "lasso") return remember()
      const far = path.some(([x, y]) => Math.hypot(x - path[0][0], y - path[0][1]) > 6)
      const [x] = path[0]
      const place = Math.floor((x - MARGIN.left) / layout.step)
      const inside = far
        ? order.filter((i, k) => encloses(path, layout.x(k + 0.5), layout.y(data.p[i])))
        : order.slice(Math.max(0, place), Math.max(0, place) + 1)
      if (!data.may) return far ? again() : self.tell.open(data.sha[inside[0]])
      if (!adds && !far && picked.size === 1 && picked.has(inside[0])) picked = new Set()
      else picked = adds ? new Set([...picked, ...inside]) : new Set(inside)
      picks()
    }
    plot.onpointercancel = () => { drag = null; again() }
    plot.onpointerleave = () => { peek.hidden = true }
  }

  /** The photo under the pointer, small. */
  function look(x, y) {
    const place = Math.floor((x - MARGIN.left) / layout.step)
    const i = order[place]
    if (i === undefined || x < MARGIN.left || y > layout.height - MARGIN.bottom || y < 0) { peek.hidden = true; return }
    if (peek.place !== place || peek.hidden) {
      peek.place = place
      const lines = make("div")
      lines.append(make("b", "", `${place + 1} · ${data.p[i].toFixed(3)}`), make("span", "", data.name[i]))
      const parts = [lines]
      if (data.held[i]) {
        const photo = make("img")
        photo.src = thumb(i)
        photo.alt = ""
        parts.unshift(photo)
      }
      peek.replaceChildren(...parts)
      peek.hidden = false
    }
    const left = x > layout.width - 190 ? x - 182 : x + 14
    peek.style.transform = `translate(${Math.max(0, left)}px, ${MARGIN.top + 4}px)`
  }

  // What is shown, what is picked ----------------------------------------------------------------------

  function drawBar() {
    const { words } = data
    const count = Object.fromEntries(FILTERS.map((name) => [name, order.filter((i) => passes(i, name)).length]))
    const told = JSON.stringify([count, state.filter, picked.size, data.may, words])
    if (bar.told === told) return
    bar.told = told
    const filters = make("div", "filters")
    filters.setAttribute("role", "group")
    for (const name of FILTERS) {
      if (name !== "all" && name !== state.filter && !count[name]) continue
      const chip = make("button", "chip", `${words[`show_${name}`]} ${count[name]}`)
      chip.type = "button"
      chip.dataset.name = name
      chip.setAttribute("aria-pressed", String(state.filter === name))
      chip.onclick = () => { state.filter = name; again(); remember() }
      filters.append(chip)
    }
    const acts = make("div", "acts")
    if (data.may) {
      const asks = data.mode === "ask"
      if (picked.size) {
        const own = [...picked]
        acts.append(make("b", "n", words.picked.replace("{n}", picked.size)))
        if (asks) acts.append(act("defect", "", words.defect_word, own), act("normal", "", words.normal_word, own))
        else acts.append(act("confirm", TICK, words.confirm, own), act("overturn", TURN, words.overturn, own))
        if (own.some((i) => data.marks[i]?.is_now)) acts.append(act("withdraw", "", words.withdraw, own))
        acts.append(button("clear", words.clear, () => { picked = new Set(); picks() }))
      } else if (!asks) {
        const cut = data.rule === "sure" ? state.sure : state.threshold
        const above = order.filter((i) => data.p[i] > cut)
        if (above.length) acts.append(button("above", words.above.replace("{n}", above.length), () => { picked = new Set(above); picks() }))
        if (count.changed) acts.append(button("those", words.those.replace("{n}", count.changed), () => { picked = new Set(order.filter((i) => changed[i])); picks() }))
        acts.append(make("span", "hint", words.hint))
      }
    }
    bar.replaceChildren(...(data.mode === "ask" ? [] : [filters]), acts)
  }

  function picks() {
    drawPlot()
    drawBar()
    tiles.forEach((tile, i) => write(tile, i))
    remember()
  }

  function act(name, icon, label, own) {
    const made = button(name, label, () => say(name, own))
    if (icon) made.insertAdjacentHTML("afterbegin", icon)
    return made
  }

  function say(name, own) {
    bar.querySelectorAll(".acts button").forEach((b) => { b.disabled = true })
    self.tell.act({ act: name, id: data.id, photos: own.map((i) => data.sha[i]) })
  }

  function button(name, label, heard) {
    const made = make("button", "act", label)
    made.type = "button"
    made.dataset.name = name
    made.onclick = heard
    return made
  }

  // The photos, only those near what is in sight -----------------------------------------------------------

  function lay() {
    const width = wall.clientWidth
    if (!width) return
    const columns = Math.max(2, Math.floor((width + GAP) / (width < 520 ? 130 : 156)))
    const side = Math.floor((width - GAP * (columns - 1)) / columns)
    wall.grid = { columns, side, row: side + TEXT + GAP }
    wall.style.height = `${Math.ceil(shown.length / columns) * wall.grid.row}px`
    paint()
  }

  function paint() {
    if (!wall.grid || !self.runs) return
    const { columns, side, row } = wall.grid
    const from = -wall.getBoundingClientRect().top
    const first = Math.max(0, Math.floor((from - AHEAD) / row)) * columns
    const last = Math.min(shown.length, (Math.floor((from + innerHeight + AHEAD) / row) + 1) * columns)
    const wanted = new Set(shown.slice(first, last))
    tiles.forEach((tile, i) => { if (!wanted.has(i)) { tile.remove(); tiles.delete(i) } })
    for (let place = first; place < last; place++) {
      const i = shown[place]
      let tile = tiles.get(i)
      if (!tile) {
        tile = draw(i)
        tiles.set(i, tile)
        write(tile, i)
        wall.append(tile)
      }
      tile.style.width = `${side}px`
      tile.style.transform = `translate(${(place % columns) * (side + GAP)}px, ${Math.floor(place / columns) * row}px)`
      tile.style.setProperty("--side", `${side}px`)
      tile.setAttribute("aria-posinset", place + 1)
      tile.setAttribute("aria-setsize", shown.length)
    }
  }

  function draw(i) {
    const { words } = data
    const tile = make("article", "tile")
    tile.setAttribute("role", "listitem")
    tile.dataset.sha = data.sha[i]
    const link = make("a", "photo")
    link.href = `/api/v1/photos/${data.sha[i]}`
    link.title = data.name[i]
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
      event.preventDefault()
      self.tell.open(data.sha[i])
    }
    if (data.held[i]) {
      const photo = make("img")
      photo.decoding = "async"
      photo.alt = data.name[i]
      photo.src = thumb(i)
      link.append(photo)
    } else {
      link.removeAttribute("href")
      link.append(make("span", "absent", data.name[i]))
    }
    tile.append(link)
    if (data.may) {
      const box = make("input", "pick")
      box.type = "checkbox"
      box.setAttribute("aria-label", `${words.pick} ${data.name[i]}`)
      box.onclick = (event) => {
        const here = shown.indexOf(i)
        if (event.shiftKey && anchor !== null) {
          const [a, b] = [shown.indexOf(anchor), here].sort((u, v) => u - v)
          shown.slice(Math.max(0, a), b + 1).forEach((k) => picked.add(k))
        } else picked.has(i) ? picked.delete(i) : picked.add(i)
        anchor = i
        picks()
      }
      const asks = data.mode === "ask"
      const quick = make("div", `quick ${asks ? "asks" : given[i] === LEFT ? "none" : ""}`)
      const offered = asks ? [["defect", ""], ["normal", ""]] : [["confirm", TICK], ["overturn", TURN]]
      for (const [name, icon] of offered) {
        const label = asks ? words[`${name}_word`] : words[name]
        const made = button(name, asks ? label : "", () => say(name, [i]))
        if (icon) made.innerHTML = icon
        made.title = label
        made.setAttribute("aria-label", `${label}: ${data.name[i]}`)
        quick.append(made)
      }
      tile.append(box, quick)
    }
    tile.append(make("div", "line first"), make("div", "line"), make("div", "line"))
    return tile
  }

  /** A tile's words, which change with the lines and with what people say; its photo stays. */
  function write(tile, i) {
    const { words } = data
    const mark = data.marks[i]
    const told = `${data.id} ${said[i]} ${given[i]} ${picked.has(i)} ${mark?.words} ${mark?.label} ${data.flips[i]} ${words.defect_word}`
    if (tile.told === told) return
    tile.told = told
    const label = (is) => ({ [DEFECT]: words.defect_word, [NORMAL]: words.normal_word, [LEFT]: words.left_word })[is]
    const now = mark ? mark.label : said[i]
    tile.classList.toggle("is-picked", picked.has(i))
    tile.classList.toggle("is-changed", changed[i])
    const box = tile.querySelector(".pick")
    if (box) box.checked = picked.has(i)
    const [first, second, third] = tile.querySelectorAll(".line")
    // Who is asked is not told what the model thinks.
    const asks = data.mode === "ask"
    if (asks && !mark) first.replaceChildren(make("b", "", `${at[i] + 1}`))
    else first.replaceChildren(make("b", "", `${at[i] + 1}`), make("span", "p", asks ? "" : data.p[i].toFixed(3)), make("span", `label ${{ [DEFECT]: "defect", [NORMAL]: "normal", [LEFT]: "left" }[now]}`, label(now)))
    let what = ["", ""]
    if (asks && !mark) what = ["quiet", given[i] === LEFT ? words.no_label : words.by_model]
    else if (mark) what = ["done", mark.words]
    else if (changed[i]) what = ["ask", `${label(given[i])} → ${label(said[i])}`]
    else if (wrong[i]) what = ["ask", words.wrong_word.replace("{label}", label(data.truth[i]))]
    else if (said[i] !== LEFT && data.truth[i] >= 0) what = ["quiet", words.right_word]
    // Where there is nothing to say, the last line moves up: no gap between the number and the name.
    const [middle, last] = what[1] ? [second, third] : [third, second]
    middle.className = `line ${what[0]}`
    middle.textContent = what[1]
    middle.title = mark?.exact ?? ""
    const extra = mark && data.truth[i] >= 0 && mark.label !== data.truth[i]
      ? words.wrong_word.replace("{label}", label(data.truth[i]))
      : data.flips[i] || data.name[i]
    last.className = `line ${data.flips[i] && !mark ? "flip" : "quiet"}`
    last.textContent = extra
    last.title = data.flips[i] ? `${data.flips[i]} · ${data.name[i]}` : data.name[i]
  }

  function thumb(i) {
    return `/api/v1/thumbs/${data.sha[i]}?side=${devicePixelRatio > 1 ? 320 : 160}`
  }

  /** The other photos into the browser's cache, in order, a few at a time: no holes when the page is scrolled. */
  function fetchAhead() {
    clearTimeout(ahead)
    const id = data.id
    let next = 0
    const one = () => {
      if (data.id !== id || !self.runs || next >= order.length) return
      const i = order[next++]
      if (!data.held[i]) return one()
      const photo = new Image()
      photo.onload = photo.onerror = one
      photo.src = thumb(i)
    }
    ahead = setTimeout(() => { for (let k = 0; k < AT_ONCE; k++) one() }, 800)
  }

  // Taking it along --------------------------------------------------------------------------------------

  function saveCsv() {
    const heads = ["rank", "photo", "sha256", "cycle", "p_defect", "label_in_run", "label_with_lines", "truth", "person", "who", "when"]
    const name = (is) => ({ [DEFECT]: "defect", [NORMAL]: "normal" })[is] ?? ""
    const rows = order.map((i, k) => [k + 1, data.name[i], data.sha[i], data.part[i], data.p[i], name(given[i]), name(said[i]),
      name(data.truth[i]), data.marks[i] ? name(data.marks[i].label) : "", data.marks[i]?.who ?? "", data.marks[i]?.iso ?? ""])
    download(csvOf([heads, ...rows]), `${data.file}.csv`)
  }
  function saveSvg() { download(pictureOf(layout, data), `${data.file}.svg`) }
  function savePng() { inPixels(pictureOf(layout, data), layout, (blob) => download(blob, `${data.file}.png`)) }
}
