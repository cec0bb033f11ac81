"""Admin: who may do what, keys for programs, by whose limits cracks are graded, how the house stands."""

import html
import time

import streamlit as st

from core import doctor, queue, store, workers
from core.people import accounts, invitations, signin, tokens
from core.people.accounts import Account
from core.records import ROLES
from core.settings import Settings
from pages.parts import access, address, limits, notice, places, tables, words
from pages.parts.strings import t

TERMS = {"30": 30, "90": 90, "365": 365, "": None}

person = access.require(*places.roles("admin"))
settings, now = Settings.of(), time.time()
db = store.connect(settings.database)


def people() -> None:
    """Everybody, and what may be done about them."""
    found = accounts.people(db, person)
    tables.show(
        [
            tables.Column(t("admin.name"), bare=True),
            tables.Column(t("admin.role")),
            tables.Column(t("admin.seen")),
            tables.Column(t("admin.state")),
        ],
        [row(one) for one in found],
        key="people",
        stack=True,
    )
    left, right = st.columns(2, gap="large")
    with left:
        add()
    with right:
        change(found)


def link(made: str) -> None:
    """The new link, below the button that made it, until the page is left."""
    name, path, by = st.session_state.get("link", ("", "", ""))
    if by == made:
        st.success(t("admin.link_for", name=name), icon=":material/link:")
        st.code(f"{server()}{path}", language=None, wrap_lines=True)
        st.html(f'<p class="note">{t("admin.link_note")}</p>')


def row(one: Account) -> tables.Row:
    """One person in the list."""
    seen = words.ago(one.seen_at, now) if one.seen_at else t("admin.never")
    state = "disabled" if one.disabled_at else "active" if one.has_password else "invited"
    return tables.Row(
        one.name,
        [
            one.name,
            t(f"role.{one.role}"),
            {"text": seen, "title": words.exact(one.seen_at) if one.seen_at else ""},
            t(f"admin.{state}"),
        ],
    )


def add() -> None:
    """A new person and the link with which they come in."""
    with st.form("add", clear_on_submit=True, border=False):
        st.markdown(f"##### {t('admin.add')}")
        name = st.text_input(t("admin.name"), key="new-name")
        role = st.selectbox(t("admin.role"), ROLES, format_func=lambda r: t(f"role.{r}"), key="new-role")
        st.html(f'<p class="note">{t("admin.roles")}</p>')
        if st.form_submit_button(t("admin.make_link"), type="primary"):
            with notice.instead():
                secret = invitations.make_person(db, person, name, role, now=now)
                st.session_state["link"] = (name, signin.link_path(secret), "add")
                st.rerun()
    link("add")


def change(found: list[Account]) -> None:
    """Another role, a new link, or no way in at all, for one person."""
    st.markdown(f"##### {t('admin.change')}")
    by_name = {one.name: one for one in found}
    chosen = by_name[st.selectbox(t("admin.name"), list(by_name), key="who")]
    role = st.selectbox(
        t("admin.role"),
        ROLES,
        index=ROLES.index(chosen.role),
        format_func=lambda r: t(f"role.{r}"),
        key=f"role-{chosen.id}",
    )
    with st.container(horizontal=True), notice.instead():
        if st.button(t("admin.change_role"), key="change-role", disabled=role == chosen.role):
            accounts.change_role(db, person, chosen.name, role, now=now)
            st.rerun()
        if chosen.disabled_at is not None:
            if st.button(t("admin.enable"), icon=":material/check:", key="enable"):
                accounts.enable(db, person, chosen.name, now=now)
                st.rerun()
            return
        if st.button(t("admin.new_link"), icon=":material/link:", key="new-link"):
            secret = invitations.link(db, person, chosen.name, now=now)
            st.session_state["link"] = (chosen.name, signin.link_path(secret), "change")
            st.rerun()
        if st.button(t("admin.disable"), icon=":material/block:", key="disable"):
            accounts.disable(db, person, chosen.name, now=now)
            st.rerun()
    link("change")


def keys() -> None:
    """Tokens for programs; a new one is shown once."""
    found = tokens.all(db, person)
    if found:
        tables.show(
            [
                tables.Column(t("admin.token_name"), bare=True),
                tables.Column(t("admin.owner")),
                tables.Column(t("admin.used")),
                tables.Column(t("admin.until")),
            ],
            [
                tables.Row(
                    str(one.id),
                    [
                        one.name,
                        one.owner,
                        words.ago(one.used_at, now) if one.used_at else t("admin.never"),
                        t("admin.revoked")
                        if one.revoked_at
                        else words.date(one.expires_at)
                        if one.expires_at
                        else t("admin.no_end"),
                    ],
                )
                for one in found
            ],
            key="tokens",
            stack=True,
        )
    left, right = st.columns(2, gap="large")
    with left:
        new_key()
    live = {f"{one.name} ({one.owner})": one.id for one in found if one.revoked_at is None}
    with right:
        if live:
            st.markdown(f"##### {t('admin.revoke_title')}")
            # None is chosen beforehand: what is revoked once does not come back.
            chosen = st.selectbox(
                t("admin.token_name"),
                list(live),
                index=None,
                placeholder=t("admin.revoke_which"),
                key="revoke-which",
            )
            if (
                st.button(t("admin.revoke"), icon=":material/block:", key="revoke", disabled=not chosen)
                and chosen
            ):
                tokens.revoke(db, person, live[chosen], now=now)
                st.rerun()


def new_key() -> None:
    """The form for a key, and the key below it: it is shown this once."""
    with st.form("token-form", clear_on_submit=True, border=False):
        st.markdown(f"##### {t('admin.new_token')}")
        name = st.text_input(t("admin.token_name"), key="token-name", placeholder=t("admin.token_hint"))
        term = st.selectbox(
            t("admin.until"), list(TERMS), format_func=lambda d: t(f"admin.term_{d or 'none'}"), key="term"
        )
        if st.form_submit_button(t("admin.make_token"), type="primary"):
            with notice.instead():
                st.session_state["token"], _ = tokens.make(db, person, name, now=now, days=TERMS[term])
                st.rerun()
    shown = st.session_state.get("token")
    if shown is not None:
        st.success(t("admin.token_once"), icon=":material/key:")
        st.code(shown, language=None, wrap_lines=True)
        st.code(
            f'curl -H "Authorization: Bearer {shown}" -T photo.jpg {server()}/api/v1/photos/photo.jpg',
            language="bash",
            wrap_lines=True,
        )


@st.fragment(run_every=2.0)
def health() -> None:
    """Workers and queue as they are now, then everything the doctor looks at."""
    moment = time.time()
    db = store.connect(settings.database)  # each look comes in a thread of its own
    waiting = queue.waiting(db)
    st.subheader(t("admin.workers"))
    rows = []
    for one in workers.health(db, moment):
        since = words.ago(one.since, moment) if one.since is not None else ""
        rows.append(
            tables.Row(
                one.lane,
                [
                    t(f"chip.lane.{one.lane}"),
                    t(f"admin.worker_{one.state if one.since else 'absent'}", since=since),
                    one.device or "–",
                    f"{waiting[one.lane]:,}",
                ],
            )
        )
    tables.show(
        [
            tables.Column(t("admin.worker"), bare=True),
            tables.Column(t("admin.state")),
            tables.Column(t("admin.device"), wide=True),
            tables.Column(t("admin.waits"), "number"),
        ],
        rows,
        key="workers",
        stack=True,
    )


def house() -> None:
    """What is where, and what is not as it should be, with what to do."""
    st.subheader(t("admin.findings"))
    found = list(doctor.examine(settings, now))
    for one in found:
        if not one.is_fine:
            st.html(
                f'<p class="refused"><b>{html.escape(one.what)}</b>: {html.escape(one.found)}. '
                f"{html.escape(one.remedy)}</p>"
            )
    rows = "".join(
        f"<dt>{html.escape(one.what)}</dt><dd>{html.escape(one.found)}</dd>"
        for one in found
        if one.is_fine and not one.what.endswith(" worker")
    )
    st.html(f'<dl class="facts">{rows}</dl>')


def server() -> str:
    """This server as the reader's browser reaches it."""
    url = st.context.url or ""
    return "/".join(url.split("/")[:3])


st.title(t("page.admin"))
tab = address.segments(
    t("page.admin"), "tab", ("people", "keys", "standard", "health"), lambda one: t(f"admin.tab_{one}")
)
if tab != "people":
    st.session_state.pop("link", None)
if tab != "keys":
    st.session_state.pop("token", None)
if tab == "people":
    people()
elif tab == "keys":
    keys()
elif tab == "standard":
    limits.show(db, person)
else:
    health()
    house()
