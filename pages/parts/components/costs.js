// What each mistake costs: a table of number fields, true grade down, grade said across. Every change goes to
// Python once typing pauses; a field that holds no number of 0 or more is marked and nothing is sent.

const PAUSE_MS = 150

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".costs")
  root.send = (cells) => setTriggerValue("cells", cells)
  const told = JSON.stringify([data.names, data.words])
  if (root.told !== told) {
    root.told = told
    draw(root, data)
  }
  for (const field of fields(root)) {
    if (field === root.getRootNode().activeElement) continue // what is being typed stays
    field.value = String(data.cells[field.dataset.at])
    field.removeAttribute("aria-invalid")
  }
}

const fields = (root) => [...root.querySelectorAll("input")]

function draw(root, { names, words }) {
  const table = make("table", "")
  table.append(make("caption", "", words.caption))
  const head = make("tr", "")
  head.append(make("th", "corner", words.truth), ...names.map((name) => make("th", "", name)))
  const top = make("thead", "")
  top.append(head)
  const body = make("tbody", "")
  names.forEach((truth, i) => {
    const row = make("tr", "")
    row.append(make("th", "", truth))
    names.forEach((said, j) => {
      const cell = make("td", i > j ? "light" : "")
      if (i === j) cell.append(make("span", "quiet", "–"))
      else {
        const field = make("input", "")
        Object.assign(field, { type: "number", min: 0, max: 1000, step: 0.5, inputMode: "decimal" })
        field.dataset.at = i * names.length + j
        field.setAttribute("aria-label", words.cell.replace("{truth}", truth).replace("{said}", said))
        field.onfocus = () => field.select()
        field.oninput = () => changed(root, names.length)
        cell.append(field)
      }
      row.append(cell)
    })
    body.append(row)
  })
  table.append(top, body)
  root.replaceChildren(table)
}

function changed(root, n) {
  const cells = Array(n * n).fill(0)
  let isWhole = true
  for (const field of fields(root)) {
    const value = field.valueAsNumber
    const isGood = Number.isFinite(value) && value >= 0 && value <= 1000
    if (isGood) field.removeAttribute("aria-invalid")
    else field.setAttribute("aria-invalid", "true")
    isWhole &&= isGood
    cells[field.dataset.at] = value
  }
  clearTimeout(root.pause)
  if (isWhole) root.pause = setTimeout(() => root.send(cells), PAUSE_MS)
}
