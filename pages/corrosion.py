"""Corrosion: which grades are taken for which, on which photos, and whether it is as sure as it says."""

from pages.parts import cached, confusion, costs, doubts, grades, lab, margins, networks, published, searches
from pages.parts.strings import t

NAMES = [confusion.name(g) for g in confusion.GRADES]
views = {
    "matrix": t("corrosion.view_matrix"),
    "labels": t("corrosion.view_labels"),
    "networks": t("corrosion.view_networks"),
    "margins": t("corrosion.view_margins"),
    "search": t("corrosion.view_search"),
    "costs": t("corrosion.view_costs"),
    "honest": t("corrosion.view_honest"),
    "published": t("rail.view_published"),
}
told, view = lab.begin_with("corrosion", views)
if view == "labels":
    doubts.show(told)
elif view == "networks":
    networks.show(told)
elif view == "margins":
    margins.show(told)
elif view == "search":
    searches.show(told)
elif view == "costs":
    costs.show(told, cached.evaluation(told.model.folder, told.split) or {}, NAMES)
elif view == "honest":
    evaluation = cached.evaluation(told.model.folder, told.split) or {}
    grades.honesty(told)
    grades.promise(told, evaluation, NAMES)
elif view == "published":
    published.corrosion(told)
else:
    confusion.show(told)
