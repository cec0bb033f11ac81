// Photos as cards, as rows or as a wall. A plain click tells Python which one; every card is a real link too,
// so that it can be opened in a tab of its own. Cards are kept by id: an update changes only what changed.

const EYE =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true">' +
  '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/>' +
  '<circle cx="12" cy="12" r="3"/><path class="slash" d="M4 4l16 16"/></svg>'
const CROP =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true">' +
  '<path d="M6.5 2v15.5H22M2 6.5h15.5V22"/></svg>'

export default function ({ parentElement, data, setTriggerValue }) {
  const gallery = parentElement.querySelector(".gallery")
  gallery.dataset.layout = data.layout
  const old = new Map([...gallery.children].map((node) => [node.dataset.id, node]))
  const open = (id) => setTriggerValue("open", id)
  data.cards.forEach((card, i) => {
    const told = JSON.stringify(card)
    let node = old.get(card.id)
    old.delete(card.id)
    if (!node || node.told !== told) {
      const fresh = draw(card, data.words)
      fresh.told = told
      if (node) {
        // The photo itself does not flicker while its verdict arrives.
        const before = node.querySelector("img.photo")
        const after = fresh.querySelector("img.photo")
        if (before && after && before.getAttribute("src") === after.getAttribute("src")) after.replaceWith(before)
        fresh.classList.toggle("without", node.classList.contains("without"))
        node.replaceWith(fresh)
      }
      node = fresh
    }
    for (const [place, id] of [[".title a", card.id], [".crop", `${card.id}#crop`]]) {
      const link = node.querySelector(place)
      if (link) link.onclick = (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
        event.preventDefault()
        open(id)
      }
    }
    if (gallery.children[i] !== node) gallery.insertBefore(node, gallery.children[i] ?? null)
  })
  old.forEach((node) => node.remove())
}

function draw(card, words) {
  const node = make("article", `card ${card.person ? "person" : ""}`)
  node.dataset.id = card.id
  if (card.photos?.length) node.append(mosaic(card))
  else if (card.photo) node.append(picture(card, words, node))
  const text = make("div", "text")
  const title = make("div", "title")
  title.dataset.tone = card.tone ?? "none"
  const link = make("a", "", card.title)
  link.href = card.href
  title.append(link)
  text.append(title)
  for (const [kind, line] of card.lines ?? []) text.append(make("div", `line ${kind}`, line))
  if (card.shares?.length) text.append(shares(card))
  if (card.name || card.when) {
    const foot = make("div", "foot")
    const name = make("span", "name", card.name)
    name.title = card.full_name ?? ""
    const when = make("span", "when", card.when)
    when.title = card.exact ?? ""
    foot.append(name, when)
    text.append(foot)
  }
  node.append(text)
  return node
}

function picture(card, words, node) {
  const frame = make("div", "picture")
  const photo = make("img", "photo")
  photo.loading = "lazy"
  photo.decoding = "async"
  photo.alt = card.alt ?? card.full_name ?? ""
  photo.src = card.photo
  frame.append(photo)
  if (card.grade) {
    const grade = make("span", "grade", card.grade)
    grade.dataset.tone = card.tone
    frame.append(grade)
  }
  if (card.overlay) {
    const evidence = make("img", "evidence")
    const eye = make("button", "eye")
    evidence.loading = "lazy"
    evidence.alt = ""
    evidence.onerror = () => [evidence, eye].forEach((part) => part.remove())
    evidence.src = card.overlay
    eye.innerHTML = EYE
    eye.type = "button"
    eye.title = words.evidence
    eye.setAttribute("aria-label", words.evidence)
    eye.setAttribute("aria-pressed", "true")
    eye.onclick = () => eye.setAttribute("aria-pressed", String(!node.classList.toggle("without")))
    frame.append(evidence, eye)
  }
  if (card.crop) {
    const crop = make("a", "eye crop")
    crop.innerHTML = CROP
    crop.href = card.crop
    crop.title = words.crop
    crop.setAttribute("aria-label", words.crop)
    frame.append(crop)
  }
  return frame
}

function mosaic(card) {
  const frame = make("div", "picture mosaic")
  for (const src of card.photos) {
    const photo = make("img", "")
    Object.assign(photo, { loading: "lazy", alt: "", src })
    frame.append(photo)
  }
  return frame
}

// How likely each answer is: one small column an answer, its word below it.
function shares(card) {
  const bars = make("div", "shares")
  const told = card.shares.map(({ name, share }) => `${name}: ${Math.round(100 * share)} %`).join(" · ")
  bars.setAttribute("role", "img")
  bars.setAttribute("aria-label", told)
  for (const { short, share, tone } of card.shares) {
    const bar = make("span", "share", short)
    const fill = make("i", "")
    fill.dataset.tone = tone
    fill.style.height = `${1.9 * share}rem`
    bar.prepend(fill)
    bars.append(bar)
  }
  return bars
}
