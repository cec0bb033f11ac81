// Photos on their way in. Each file goes to the server by itself, three at a time, as a stream; what broke off
// goes on where it stopped. The queue outlives this element: another page of Patina does not stop it.

const AT_ONCE = 3
const LARGE = 1 << 20 // bytes from which it pays to ask how much of a broken upload is there
const REMEMBERED = "patina.unfinished"
const NOISE = /^(\.|thumbs\.db$|desktop\.ini$|__macosx)/i
const PHOTO = /\.(jpe?g|jfif|png|tiff?|webp|hei[cf]|avif|bmp|gif|dng|mpo|jp2|j2k|pn?m|pgm|ppm|tga)$/i
const SAID_AGAIN = [408, 425, 429, 500, 502, 503, 504]

const queue = (globalThis.patinaQueue ??= {
  items: [], batch: null, begun: false, shown: null, domain: null, place: "", wide: "", marker: "", skipped: 0, isOut: false,
  working: 0, word: "", tell: () => {},
})

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".upload")
  const { words } = data
  if (!root.parts) root.parts = build(root, data)
  const parts = root.parts
  queue.domain ??= data.domain
  root.data = data
  root.classList.toggle("small", Boolean(data.batch))

  // One object tells all, so that the newest word is whole whatever happens to the ones before it. `show` stays
  // in it until the page is that batch's: a run of the script that was cut short may have lost it.
  if (data.batch && data.batch === queue.batch) queue.shown = queue.batch
  queue.tell = () => {
    draw(root)
    const told = {
      domain: queue.domain,
      show: queue.begun && queue.shown !== queue.batch ? queue.batch : null,
      batch: queue.begun ? queue.batch : null,
      busy: queue.items.some((item) => item.state === "ready" || item.state === "sending"),
      refused: queue.items.filter((item) => item.state === "refused").map(({ name, why }) => ({ name, why })),
    }
    // Names of refused files come with the next word that matters, not one by one.
    const word = JSON.stringify([told.domain, told.show, told.busy, told.busy ? 0 : told.refused])
    if (word === queue.word) return
    queue.word = word
    setStateValue("told", told)
  }
  parts.hear((files, isFolder) => add(files, isFolder, root.data))
  const stop = listen(root, (files, isFolder) => add(files, isFolder, root.data))
  root.stop?.()
  root.stop = stop
  queue.tell()
  return () => { root.stop?.(); root.stop = null }
}

// The queue

function add(files, isFolder, data) {
  const kept = files.filter((file) => !NOISE.test(file.name) && (!isFolder || PHOTO.test(file.name) || file.type.startsWith("image/")))
  queue.skipped += files.filter((file) => !NOISE.test(file.name)).length - kept.length
  if (!kept.length) return queue.tell()
  if (queue.items.every((item) => ["sent", "refused"].includes(item.state))) {
    queue.items = []
    queue.batch = data.batch || data.fresh
    queue.begun = false
    queue.skipped = files.length - kept.length - files.filter((file) => NOISE.test(file.name)).length
    queue.isOut = false
  }
  for (const file of kept) queue.items.push({ file, name: file.name, size: file.size, state: "ready", done: 0 })
  queue.tell()
  work()
}

function work() {
  while (queue.working < AT_ONCE) {
    const item = queue.items.find((one) => one.state === "ready")
    if (!item) return
    item.state = "sending"
    queue.working += 1
    hand(item).finally(() => {
      queue.working -= 1
      work()
      queue.tell()
    })
  }
}

async function hand(item) {
  try {
    if (!item.photo) {
      const kept = await send(item)
      Object.assign(item, { photo: kept.photo, known: kept.known, width: kept.width_px })
    }
    item.done = item.size
    while (!queue.domain) await pause(200)
    await ask(item)
    item.state = "sent"
    queue.begun = true
    queue.tell()
  } catch (error) {
    if (error.status === 401) { queue.isOut = true; item.state = "stopped" }
    else { item.state = error.isStopped ? "stopped" : "refused"; item.why = error.message }
    queue.begun ||= item.state === "refused"
    queue.tell()
  }
}

async function ask(item) {
  const told = { photo: item.photo, domain: queue.domain, batch: queue.batch, name: item.name, wait: 0 }
  const wide = Number.parseFloat(queue.wide)
  if (queue.place.trim()) told.place = queue.place.trim()
  const marker = Number.parseFloat(queue.marker)
  if (queue.domain === "crack" && wide > 0 && item.width) told.scale_mm_per_px = wide / item.width
  if (queue.domain === "crack" && marker > 0) told.marker_mm = marker
  await patient(item, async () => {
    const answer = await fetch("/api/v1/inspections", {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(told),
    })
    return { status: answer.status, told: await answer.json().catch(() => ({})) }
  })
}

async function send(item) {
  item.word ??= wordOf(item)
  const isOld = unfinished().includes(item.word)
  if (item.size > LARGE) remember(item.word, true)
  const kept = await patient(item, async (again) => put(item, again || isOld ? await arrived(item) : 0))
  remember(item.word, false)
  return kept
}

const place = (item) => `/api/v1/photos/${encodeURIComponent(item.name)}?upload=${item.word}`

// How much of a broken upload the server has; what it does not know starts anew.
async function arrived(item) {
  const answer = await fetch(place(item))
  if (!answer.ok) return 0
  const { received } = await answer.json()
  return received < item.size ? received : 0
}

function put(item, from) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open("PUT", place(item))
    if (from > 0) request.setRequestHeader("content-range", `bytes ${from}-${item.size - 1}/${item.size}`)
    request.upload.onprogress = (event) => { item.done = from + event.loaded; queue.tell() }
    request.onload = () => {
      let told = {}
      try { told = JSON.parse(request.responseText) } catch { /* an answer of another program on the way */ }
      resolve({ status: request.status, told })
    }
    request.onerror = () => reject(new TypeError("no connection"))
    item.stop = () => { request.abort(); reject(Object.assign(new Error("stopped"), { isStopped: true })) }
    request.send(item.file.slice(from))
  })
}

// The same file has the same word, so that dropping it again after a reload goes on with what has arrived.
function wordOf({ file, name, size }) {
  const text = `${file.webkitRelativePath || name}:${size}:${file.lastModified}`
  return [0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((seed) => {
    let hash = seed
    for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    return (hash >>> 0).toString(16).padStart(8, "0")
  }).join("")
}

function unfinished() {
  try { return JSON.parse(localStorage.getItem(REMEMBERED) ?? "[]") } catch { return [] }
}

function remember(word, isOpen) {
  const others = unfinished().filter((one) => one !== word)
  try { localStorage.setItem(REMEMBERED, JSON.stringify(isOpen ? [...others, word].slice(-500) : others)) } catch { /* a private window */ }
}

// Try until the server has spoken: a lost connection is waited for, a refusal is final.
async function patient(item, attempt) {
  for (let tries = 0; ; tries += 1) {
    try {
      const { status, told } = await attempt(tries > 0)
      if (status < 300) { item.isWaiting = false; return told }
      if (!SAID_AGAIN.includes(status))
        throw Object.assign(new Error(told.detail || `${item.name}: ${status}`), { status, isFinal: true })
    } catch (error) {
      if (error.isFinal || error.isStopped) throw error
    }
    item.isWaiting = true
    queue.tell()
    await Promise.race([pause(Math.min(30000, 500 * 2 ** tries)), new Promise((go) => addEventListener("online", go, { once: true }))])
  }
}

const pause = (ms) => new Promise((go) => setTimeout(go, ms))

// What is seen

function build(root, { words, domains }) {
  const target = make("div", "target")
  const call = make("div", "call")
  const ways = make("div", "ways")
  const isTouch = matchMedia("(pointer: coarse)").matches
  let heard = () => {}
  const pick = (icon, text, told, attributes = {}) => {
    const input = Object.assign(make("input", ""), { type: "file", hidden: true }, told)
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value)
    const button = make("button", "", text)
    button.type = "button"
    button.insertAdjacentHTML("afterbegin", ICONS[icon])
    button.onclick = () => input.click()
    input.onchange = () => { heard([...input.files], Boolean(input.webkitdirectory)); input.value = "" }
    ways.append(button, input)
    return button
  }
  if (isTouch) pick("camera", words.camera, { accept: "image/*" }, { capture: "environment" })
  pick("photos", words.choose, { multiple: true })
  if (!isTouch) pick("folder", words.folder, { webkitdirectory: true, multiple: true })
  ways.querySelector("button").classList.add("first")
  call.textContent = isTouch ? words.tap : words.drop
  target.append(call, ways, make("div", "limits", words.limits))

  const what = make("div", "")
  const question = make("div", "ask question", words.what)
  const choice = make("div", "domains")
  choice.setAttribute("role", "radiogroup")
  choice.setAttribute("aria-label", words.what)
  for (const domain of domains) {
    const button = make("button", "domain")
    button.type = "button"
    button.dataset.domain = domain.id
    button.setAttribute("role", "radio")
    button.innerHTML = PICTURES[domain.id]
    button.append(make("b", "", domain.name), make("small", "", domain.what))
    button.onclick = () => { queue.domain = domain.id; queue.tell() }
    choice.append(button)
  }
  what.append(question, choice)

  const details = make("details", "")
  const more = make("div", "more")
  const place = field(words.place, words.place_hint, queue.place, (text) => { queue.place = text })
  const wide = field(words.wide, words.wide_hint, queue.wide, (text) => { queue.wide = text })
  const marker = field(words.marker, words.marker_hint, queue.marker, (text) => { queue.marker = text })
  for (const one of [wide, marker]) one.querySelector("input").inputMode = "decimal"
  more.append(place, wide, marker)
  details.append(make("summary", "", words.more), more)
  const progress = make("div", "progress")
  const list = make("div", "")
  root.replaceChildren(target, what, details, progress, list)
  return { target, question, choice, wide, marker, progress, list, hear: (action) => { heard = action } }
}

function draw(root) {
  const { parts, data } = root
  const { words } = data
  const { items } = queue
  const left = items.filter((item) => item.state === "ready" || item.state === "sending")
  const sent = items.filter((item) => item.state === "sent")
  const refused = items.filter((item) => item.state === "refused")
  const needsDomain = left.length > 0 && !queue.domain
  for (const button of parts.choice.children)
    button.setAttribute("aria-checked", String(button.dataset.domain === queue.domain))
  for (const one of [parts.wide, parts.marker]) one.hidden = queue.domain !== "crack"
  parts.choice.classList.toggle("now", needsDomain)
  parts.question.classList.toggle("now", needsDomain)
  parts.question.classList.toggle("question", !needsDomain)
  parts.question.textContent = needsDomain ? say(words.choose_first, { n: left.length }) : words.what
  onbeforeunload = left.length ? (event) => { event.preventDefault(); return words.leave } : null

  parts.progress.hidden = !items.length
  if (items.length) {
    const bytes = items.reduce((sum, item) => sum + item.size, 0)
    const done = items.reduce((sum, item) => sum + (item.state === "refused" ? item.size : Math.min(item.done, item.size)), 0)
    const line = make("div", "line")
    const known = sent.filter((item) => item.known).length
    const told = [
      left.length
        ? say(words.sending, { n: items.length, left: say(words.left, { done: sent.length + refused.length, total: items.length }) })
        : say(words.sent, { n: sent.length }),
    ]
    if (!left.length && known) told.push(say(words.known, { n: known }))
    if (queue.skipped) told.push(say(words.skipped, { n: queue.skipped }))
    line.append(make("b", "", told.join(" · ")))
    if (left.length) {
      const stop = make("button", "act", words.stop)
      stop.onclick = halt
      line.append(stop)
    } else if (items.some((item) => item.state === "stopped")) {
      const again = make("button", "act", words.again)
      again.onclick = () => {
        queue.isOut = false
        for (const item of items) if (item.state === "stopped") item.state = "ready"
        queue.tell()
        work()
      }
      line.append(again)
    }
    const nodes = [line]
    if (left.length) nodes.push(bar(bytes ? done / bytes : 0))
    for (const item of items.filter((one) => one.state === "sending" && one.size > 300000).slice(0, AT_ONCE)) {
      const row = make("div", "file")
      const share = item.size ? Math.min(1, item.done / item.size) : 1
      row.append(make("span", "", item.name), bar(share), make("em", "", `${Math.round(share * 100)} %`))
      nodes.push(row)
    }
    if (queue.isOut) nodes.push(make("div", "say", words.signed_out))
    else if (items.some((item) => item.isWaiting && item.state === "sending")) nodes.push(make("div", "say", words.waiting_line))
    parts.progress.replaceChildren(...nodes)
  }
  // Once the batch's page lists them, they need not be said twice.
  parts.list.replaceChildren(...(data.batch === queue.batch ? [] : refused.map((item) => make("p", "refused", item.why))))
}

function halt() {
  for (const item of queue.items) {
    if (item.state === "ready") item.state = "stopped"
    else if (item.state === "sending") item.stop?.()
  }
  queue.tell()
}

// Files dropped anywhere on the page are taken; a drop beside the target would otherwise leave Patina.
function listen(root, take) {
  const { target } = root.parts
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files")
  let depth = 0
  const on = {
    dragenter: (event) => { if (hasFiles(event)) { depth += 1; target.classList.add("over") } },
    dragleave: (event) => { if (hasFiles(event) && --depth <= 0) { depth = 0; target.classList.remove("over") } },
    dragover: (event) => { if (hasFiles(event)) event.preventDefault() },
    drop: async (event) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      depth = 0
      target.classList.remove("over")
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean)
      const loose = [...event.dataTransfer.files]
      const folders = entries.filter((entry) => entry.isDirectory)
      if (!folders.length) return take(loose, false)
      const single = await Promise.all(entries.filter((entry) => entry.isFile).map(fileOf))
      take(single, false)
      take((await Promise.all(folders.map(filesIn))).flat(), true)
    },
  }
  for (const [name, action] of Object.entries(on)) document.addEventListener(name, action)
  return () => { for (const [name, action] of Object.entries(on)) document.removeEventListener(name, action) }
}

const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject))

async function filesIn(folder) {
  const reader = folder.createReader()
  const found = []
  for (;;) {
    // A reader gives at most a hundred entries at a time, and none when it is through.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    if (!some.length) return found
    for (const entry of some) found.push(...(entry.isDirectory ? await filesIn(entry) : [await fileOf(entry)]))
  }
}

function say(words, told) {
  const text = Array.isArray(words) ? words[told.n === 1 ? 0 : 1] : words
  return text.replace(/\{(\w+)\}/g, (_, name) => (typeof told[name] === "number" ? told[name].toLocaleString("en") : told[name]))
}

function field(name, hint, value, heard) {
  const label = make("label", "", name)
  const input = Object.assign(make("input", ""), { type: "text", placeholder: hint, value, maxLength: 120 })
  input.oninput = () => heard(input.value)
  label.append(input)
  return label
}

function bar(share) {
  const node = make("div", "bar")
  const full = make("i", "")
  full.style.width = `${100 * share}%`
  node.append(full)
  return node
}

const line = (d) => `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
  stroke-linejoin="round" aria-hidden="true">${d}</svg>`
const ICONS = {
  camera: line('<path d="M4 8h3l1.5-2.5h7L17 8h3v11H4z"/><circle cx="12" cy="13" r="3.4"/>'),
  photos: line('<path d="M4 5h16v14H4z"/><path d="M4 16l4.5-4.5L13 16l3-3 4 4"/><circle cx="15.5" cy="9" r="1.4"/>'),
  folder: line('<path d="M3.5 6.5h6l2 2.5h9v9.5h-17z"/>'),
}
const PICTURES = {
  rail: `<svg viewBox="0 0 84 68" aria-hidden="true"><path fill="#8d8a83" d="M0 0h84v68H0z"/>
    <path fill="#6a5747" d="M0 7h84v9H0zM0 30h84v9H0zM0 53h84v9H0z"/>
    <path fill="#4d5659" d="M20 0h11v68H20zM53 0h11v68H53z"/><path fill="#b9c2c4" d="M23 0h5v68h-5zM56 0h5v68h-5z"/>
    <path fill="#2b2f30" d="M55 32l4 1 2 4-3 3-3-2z"/></svg>`,
  crack: `<svg viewBox="0 0 84 68" aria-hidden="true"><path fill="#b9b6ad" d="M0 0h84v68H0z"/>
    <path fill="#aeaba2" d="M0 0h84v20L50 26 0 18zM0 50l40-6 44 8v16H0z"/>
    <path fill="none" stroke="#37393a" stroke-width="2.6" stroke-linejoin="round"
      d="M-2 46l12-5 8 3 10-10 9 1 8-9 11 3 9-11 10 1 12-8M38 35l5 9 9 4 3 10"/></svg>`,
  corrosion: `<svg viewBox="0 0 84 68" aria-hidden="true"><path fill="#7f8c90" d="M0 0h84v68H0z"/>
    <path fill="#97a4a8" d="M0 0h84v12L0 24z"/><path fill="#b66a3c" d="M12 30c8-12 24-9 28 0s18 4 20 14-10 20-24 17S4 46 12 30z"/>
    <path fill="#8a4423" d="M24 36c6-5 14-1 15 5s9 4 7 10-16 5-20-1-6-10-2-14z"/><circle cx="66" cy="18" r="7" fill="#a2542b"/>
    <circle cx="70" cy="50" r="4" fill="#b66a3c"/></svg>`,
}
