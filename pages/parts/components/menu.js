// Three things that going from page to page lacks. The side bar's word for the page one is on already begins that
// page anew, without the batch, model or run that was opened there; on a phone the side bar gives way to the page
// that was chosen; and a page begins at its top, however far down the button stood that led to it.

const NARROW = "(max-width: 768px)"
const FOLD = '[data-testid="stSidebarCollapseButton"] button'

export default function ({ parentElement, data, setTriggerValue }) {
  if (parentElement.page && parentElement.page !== data.page) {
    document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0)
  }
  parentElement.page = data.page
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
