// The side bar's word for the page one is on already: Streamlit runs that page once more and keeps its address.
// Whoever clicks it wants the page as it begins, without the batch, model or run that was opened there.

export default function ({ setTriggerValue }) {
  const hear = (event) => {
    const link = event.target.closest?.('[data-testid="stSidebarNavLink"]')
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
    if (new URL(link.href).pathname === location.pathname && location.search) setTimeout(() => setTriggerValue("begun", true))
  }
  document.addEventListener("click", hear, true)
  return () => document.removeEventListener("click", hear, true)
}
