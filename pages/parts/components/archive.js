// One zip on its way in, as a stream that goes on where it broke off.

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".archive")
  root.arrived = (told) => setTriggerValue("arrived", told)
  if (root.firstChild) return
  const { words } = data
  const target = make("div", "target")
  const input = Object.assign(make("input", ""), { type: "file", accept: ".zip,application/zip", hidden: true })
  const button = make("button", "first", words.choose)
  const progress = make("div", "progress")
  progress.hidden = true
  button.onclick = () => input.click()
  input.onchange = () => { take([...input.files]); input.value = "" }
  target.append(make("div", "call", words.drop), button, input, progress)
  target.ondragover = (event) => { event.preventDefault(); target.classList.add("over") }
  target.ondragleave = () => target.classList.remove("over")
  target.ondrop = (event) => { event.preventDefault(); target.classList.remove("over"); take([...event.dataTransfer.files]) }
  root.append(target)

  async function take(files) {
    const file = files.find((one) => /\.zip$/i.test(one.name))
    progress.hidden = false
    if (!file) return progress.replaceChildren(make("div", "say", words.none))
    button.hidden = true
    const word = wordOf(file)
    try {
      await send(file, word, (done, isWaiting) => draw(file, done, isWaiting))
      root.arrived({ word, name: file.name })
    } catch (error) {
      progress.replaceChildren(make("div", "say", error.message))
    }
    button.hidden = false
  }

  function draw(file, done, isWaiting) {
    const bar = make("div", "bar")
    const full = make("i", "")
    full.style.width = `${(100 * done) / file.size}%`
    bar.append(full)
    const told = words.sending.replace("{name}", file.name).replace("{percent}", Math.floor((100 * done) / file.size))
    progress.replaceChildren(make("div", "", told), bar)
    if (isWaiting) progress.append(make("div", "say", words.waiting))
  }
}

async function send(file, word, tell) {
  let from = await received(word)
  for (let tries = 0; ; tries += 1) {
    try {
      const { status, told } = await put(file, word, from, tell)
      if (status < 300) return
      if (![408, 409, 429, 500, 502, 503, 504].includes(status)) throw Object.assign(new Error(told.detail || String(status)), { isFinal: true })
    } catch (error) {
      if (error.isFinal) throw error
    }
    tell(from, true)
    await new Promise((go) => setTimeout(go, Math.min(30000, 500 * 2 ** tries)))
    from = await received(word).catch(() => from)
  }
}

async function received(word) {
  const answer = await fetch(`/api/v1/archives?upload=${word}`)
  return answer.ok ? (await answer.json()).received : 0
}

function put(file, word, from, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open("PUT", `/api/v1/archives?upload=${word}`)
    if (from >= file.size) from = 0
    if (from > 0) request.setRequestHeader("content-range", `bytes ${from}-${file.size - 1}/${file.size}`)
    request.upload.onprogress = (event) => tell(from + event.loaded, false)
    request.onload = () => {
      let told = {}
      try { told = JSON.parse(request.responseText) } catch { /* an answer of another program on the way */ }
      resolve({ status: request.status, told })
    }
    request.onerror = () => reject(new TypeError("no connection"))
    request.send(file.slice(from))
  })
}

// The same file has the same word, so that choosing it again after a reload goes on with what has arrived.
function wordOf({ name, size, lastModified }) {
  const text = `${name}:${size}:${lastModified}`
  let hash = 0xcbf29ce484222325n
  for (const letter of text) hash = BigInt.asUintN(64, (hash ^ BigInt(letter.codePointAt(0))) * 0x100000001b3n)
  return `zip-${hash.toString(16).padStart(16, "0")}`
}
