const DOTS = '<svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true"><circle cx="12" cy="5" r="1.8"/>' +
  '<circle cx="12" cy="12" r="1.8"/><circle cx="12" cy="19" r="1.8"/></svg>'

/** The three dots of a figure and the menu behind them: { menu, open }. An act that says "stay" leaves it open. */
function dots(words, of, acts) {
  const menu = make("div", "menu"), list = make("div", "list"), opener = make("button")
  opener.type = "button"
  opener.innerHTML = DOTS
  opener.title = words.menu
  opener.setAttribute("aria-label", `${words.menu}: ${of}`)
  opener.setAttribute("aria-haspopup", "menu")
  list.setAttribute("role", "menu")
  const open = (is) => {
    list.hidden = !is
    opener.setAttribute("aria-expanded", String(is))
    if (is) list.firstChild.focus()
  }
  for (const [name, act] of Object.entries(acts)) {
    const item = make("button", "", words[name])
    item.type = "button"
    item.setAttribute("role", "menuitem")
    item.onclick = () => { if (act(item) !== "stay") open(false) }
    list.append(item)
  }
  opener.onclick = () => open(list.hidden)
  menu.onkeydown = (event) => {
    const items = [...list.children]
    const at = items.indexOf(menu.getRootNode().activeElement)
    if (event.key === "Escape") { open(false); opener.focus() }
    if (event.key === "ArrowDown") { items[(at + 1) % items.length].focus(); event.preventDefault() }
    if (event.key === "ArrowUp") { items[(at + items.length - 1) % items.length].focus(); event.preventDefault() }
  }
  menu.onpointerdown = (event) => event.stopPropagation()
  const away = (event) => {
    if (!menu.isConnected) document.removeEventListener("pointerdown", away)
    else if (!event.composedPath().includes(menu)) open(false)
  }
  document.addEventListener("pointerdown", away)
  menu.append(opener, list)
  open(false)
  return { menu, open }
}

