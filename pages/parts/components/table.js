// A table of words, figures, states and progress. A row that leads somewhere holds a real link; a plain click
// tells Python instead. On a narrow screen a table that is marked so becomes a list. Rows are kept by id.

export default function ({ parentElement, data, setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector(".table")
  const told = JSON.stringify([data.columns, data.stack, data.pick, data.caption])
  if (root.told !== told) {
    root.told = told
    root.replaceChildren(frame(data))
  }
  const body = root.querySelector("tbody")
  const picked = new Set(data.picked ?? [])
  const old = new Map([...body.children].map((row) => [row.dataset.id, row]))
  data.rows.forEach((row, i) => {
    const now = JSON.stringify(row)
    let node = old.get(row.id)
    old.delete(row.id)
    if (!node || node.told !== now) {
      const fresh = line(row, data)
      fresh.told = now
      node?.replaceWith(fresh)
      node = fresh
    }
    const box = node.querySelector(".pick input")
    if (box) {
      box.checked = picked.has(row.id)
      box.onclick = (event) => event.stopPropagation()
      box.onchange = () => {
        box.checked ? picked.add(row.id) : picked.delete(row.id)
        setStateValue("picked", data.rows.map(({ id }) => id).filter((id) => picked.has(id)))
      }
    }
    if (row.href || row.opens) {
      node.onclick = (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
        if (event.target.closest(".pick")) return
        event.preventDefault()
        setTriggerValue("open", row.id)
      }
    }
    if (body.children[i] !== node) body.insertBefore(node, body.children[i] ?? null)
  })
  old.forEach((row) => row.remove())
}

function frame(data) {
  const table = make("table", data.stack ? "stack" : "")
  if (data.caption) table.append(make("caption", "", data.caption))
  const head = make("tr")
  if (data.pick) {
    const cell = make("th", "pick")
    cell.setAttribute("aria-label", data.pick)
    head.append(cell)
  }
  for (const column of data.columns) {
    const cell = make("th", column.kind === "number" ? "number" : "", column.label)
    if (column.share) cell.style.width = `${column.share}%`
    cell.scope = "col"
    if (column.help) cell.title = column.help
    head.append(cell)
  }
  const top = make("thead")
  top.append(head)
  table.append(top, make("tbody"))
  return table
}

function line(row, data) {
  const node = make("tr", [row.href || row.opens ? "open" : "", row.marked ? "marked" : "", row.apart ? "apart" : ""].join(" ").trim())
  node.dataset.id = row.id
  if (data.pick) {
    const cell = make("td", "pick")
    const box = make("input")
    box.type = "checkbox"
    box.setAttribute("aria-label", `${data.pick}: ${row.name ?? row.id}`)
    if (row.cannot_pick) box.disabled = true
    cell.append(box)
    node.append(cell)
  }
  data.columns.forEach((column, i) => {
    const raw = row.cells[i]
    const cell = raw !== null && typeof raw === "object" ? raw : { text: raw ?? "" }
    const td = make("td", [column.kind === "number" ? "number" : "", column.wide ? "wide" : "", column.bare ? "bare" : ""].join(" ").trim())
    if (column.label) td.dataset.label = column.label
    if (cell.title) td.title = cell.title
    let text = null
    if (cell.tone) {
      text = make("span", "chip", cell.text)
      text.dataset.tone = cell.tone
    } else if (i === 0 && row.href) {
      text = make("a", "", cell.text)
      text.href = row.href
    } else if (cell.text !== "") text = make("span", cell.quiet ? "quiet" : "", String(cell.text))
    if (text) td.append(text)
    if (/^\S{1,14}$/.test(cell.text)) td.classList.add("short")
    if (cell.sub) td.append(make("span", "sub", cell.sub))
    if (cell.fraction !== undefined && cell.fraction !== null) {
      const bar = make("span", `progress ${cell.fraction >= 1 ? "done" : ""}`)
      const fill = make("i")
      fill.style.width = `${Math.round(100 * cell.fraction)}%`
      bar.append(fill)
      td.append(bar)
    }
    node.append(td)
  })
  return node
}
