// Two things the side bar does not do by itself. Its word for the page one is on already begins that page anew,
// without the batch, model or run that was opened there; and on a phone it gives way to the page that was chosen.

const NARROW = "(max-width: 768px)"
const FOLD = '[data-testid="stSidebarCollapseButton"] button'

export default function ({ setTriggerValue }) {
  const hear = (event) => {
    const link = event.target.closest?.('[data-testid="stSidebarNavLink"]')
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
    const isHere = new URL(link.href).pathname === location.pathname
    setTimeout(() => {
      if (isHere && location.search) setTriggerValue("begun", true)
      if (matchMedia(NARROW).matches) document.querySelector(FOLD)?.click()
    })
  }
  document.addEventListener("click", hear, true)
  return () => document.removeEventListener("click", hear, true)
}
