"""What REST can do, as an OpenAPI 3.1 document. `tests/test_api.py` holds it against the routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import pictures
from core.measuring import drawings
from core.measuring.scales import HOWS
from core.opinions import LABELS
from core.records import DOMAINS

Json = dict[str, Any]


_CRACK_FIGURES = (
    "of cracks crack_fraction, max_width_px, with a scale max_width_mm and others; grade by the standard, "
    "grade_by (width, share or both: what decided), grade_share (judged, or `no surface`: the standard has "
    "limits for the cracked share too, but nobody said what surface the photo shows; how=field does); where "
    "the photo cannot show what the standard asks about, finest_mm, closer_times, closer_m (how to stand) "
    "and finer_than_mm of a crack that may be finer than that: max_width_mm is no width then"
)


def document(version: str) -> Json:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Patina",
            "version": version,
            "description": "Inspection photos in, verdicts out. Tokens are made under Admin and may do what "
            "their owner may; send one as `Authorization: Bearer …`. In a browser the session's cookie "
            "serves, and whatever changes something must come from this site.",
        },
        "security": [{"token": []}, {"session": []}],
        "paths": _site() | _uploading() | _inspecting() | _showing(),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "patina_*"},
            },
            "schemas": _schemas(),
            "responses": {
                "Problem": {
                    "description": "What was wrong, in one sentence: `detail`.",
                    "content": {"application/problem+json": {"schema": _ref("Problem")}},
                }
            },
        },
    }


def _site() -> Json:
    """How the server is, and this description."""
    return {
        "/healthz": {
            "get": {
                "summary": "Whether the server lives; for engineers also how",
                "security": [{}, {"token": []}, {"session": []}],
                "responses": {"200": _json("ok or degraded; more for engineers", _ref("Health"))},
            }
        },
        "/api/v1/openapi.json": {
            "get": {
                "summary": "This document",
                "responses": _answers({"200": _json("OpenAPI 3.1", {"type": "object"})}),
            }
        },
    }


def _uploading() -> Json:
    """Photos and archives in: `core.rest.uploading`."""
    upload = _query("upload", "Your word for this upload, 8 to 64 letters, digits, - or _ (a random UUID).")
    name = _in_path("name", "What to call the photo; any name, percent-encoded.")
    return {
        "/api/v1/photos/{name}": {
            "put": {
                "summary": "Upload a photo, whole or in parts",
                "description": "The body is the file. In parts: give `upload` and the header "
                "`Content-Range: bytes 0-1048575/5000000` (or `offset` for all of the rest); a part that is "
                "not the last is answered 202. After a break ask how far it came (GET or HEAD with `upload`) "
                "and send the rest. The same photo twice is known by its bytes.",
                "parameters": [
                    name,
                    upload,
                    _query("offset", "Where this body, the rest of the photo, begins.", "integer"),
                    {
                        "name": "Content-Range",
                        "in": "header",
                        "schema": {"type": "string"},
                        "description": "Which bytes of how many this body is.",
                    },
                ],
                "requestBody": _bytes_in(),
                "responses": _answers(
                    {
                        "201": _json("The photo is kept", _ref("Kept")),
                        "200": _json("The same photo was known", _ref("Kept")),
                        "202": _json("This part is kept; more is awaited", _ref("Part")),
                    },
                    409,
                    413,
                    422,
                    507,
                ),
            },
            "get": {
                "summary": "A photo for a browser, or how far an upload came",
                "description": "With a sha256 as name: upright, 8-bit, without EXIF. With `upload`: the "
                "bytes that have arrived, also in the header `Upload-Offset`.",
                "parameters": [name, upload],
                "responses": _answers(
                    {
                        "200": _files("The photo", "image/jpeg", "image/png")
                        | {"headers": {"Upload-Offset": {"schema": {"type": "integer"}}}}
                    },
                    404,
                ),
            },
            "delete": {
                "summary": "Give up an unfinished upload",
                "parameters": [name, upload | {"required": True}],
                "responses": _answers({"204": {"description": "What had arrived of it is gone."}}),
            },
        },
        "/api/v1/archives": {
            "put": {
                "summary": "Upload a zip of photos to import, whole or in parts (engineers)",
                "description": "As for a photo, with `upload` and `Content-Range`; Data looks into it.",
                "parameters": [upload | {"required": True}],
                "requestBody": _bytes_in(),
                "responses": _answers(
                    {
                        "201": _json("All of it has arrived", _ref("Part")),
                        "202": _json("This part is kept; more is awaited", _ref("Part")),
                    },
                    403,
                    409,
                    413,
                    507,
                ),
            },
            "get": {
                "summary": "How far the upload of a zip came",
                "parameters": [upload | {"required": True}],
                "responses": _answers({"200": _json("The bytes that have arrived", {"type": "object"})}, 403),
            },
            "delete": {
                "summary": "Give up an unfinished upload",
                "parameters": [upload | {"required": True}],
                "responses": _answers({"204": {"description": "What had arrived of it is gone."}}),
            },
        },
    }


def _inspecting() -> Json:
    """Verdicts asked for and found: `core.rest.inspecting`."""
    id = _in_path("id", "Number of the inspection.", {"type": "integer"})
    return {
        "/api/v1/inspections": {
            "post": {
                "summary": "Ask for a verdict on a photo",
                "description": "Either JSON that names a stored photo, or a form with the photo in it, or "
                "the bare bytes of the photo with the rest as query parameters. Waits up to `wait` seconds "
                "for the verdict.",
                "parameters": [
                    _query("domain", "Needed here when the body is the photo itself."),
                    _query("wait", "Seconds to wait for the verdict, 0 to 30; 30 when left out.", "number"),
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": _ref("Ask")},
                        "multipart/form-data": {
                            "schema": {
                                "allOf": [
                                    _ref("Ask"),
                                    {"properties": {"file": {"type": "string", "format": "binary"}}},
                                ]
                            }
                        },
                        **_bytes_in()["content"],
                    },
                },
                "responses": _answers(
                    {
                        "201": _json("Answered: `state` is done, or failed with `error`", _ref("Inspection")),
                        "202": _json("Not yet; look at `Location` later", _ref("Inspection")),
                    },
                    404,
                    413,
                    422,
                    507,
                ),
            },
            "get": {
                "summary": "Inspections, newest first",
                "parameters": [
                    _query("domain", "One domain only."),
                    _query("batch", "One batch only."),
                    _query("owner", "Who asked."),
                    _query("label", "What stands: a person's word, else the verdict's."),
                    _query("needs_person", "The verdict asked for a person.", "boolean"),
                    _query("decided", "A person has spoken about it.", "boolean"),
                    _query("since", "Asked at or after this time, ISO 8601 or seconds since 1970."),
                    _query("text", "Words in name, place or note."),
                    _query("photo", "sha256 of the photo."),
                    _query("before", "Ids below this one; `next` of the page before has it.", "integer"),
                    _query("limit", "At most so many, 1 to 200; 60 when left out.", "integer"),
                ],
                "responses": _answers({"200": _json("A page of them", _ref("Page"))}),
            },
        },
        "/api/v1/inspections/{id}": {
            "get": {
                "summary": "One inspection, with every verdict and opinion it had",
                "parameters": [id],
                "responses": _answers({"200": _json("The inspection", _ref("Inspection"))}, 404),
            }
        },
        "/api/v1/inspections/{id}/scale": {
            "put": {
                "summary": "Say how large a pixel of a crack photo is; widths follow in millimetres at once",
                "description": "`how` says by what: `given` (mm_per_px, and perhaps error, a share), `line` "
                "(x0, y0, x1, y1 in pixels of the upright photo, and their distance mm), `field` (mm that "
                "the photo's whole width shows), `distance` (m to the wall, and focal_px, the lens in "
                "pixels, where the photo does not name one) or `marker` (mm, the side of a printed "
                "ArUco or AprilTag square or of a checkerboard's field in the photo). The newest one "
                "counts; all are kept with who said so.",
                "parameters": [id],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": _ref("NewScale")}},
                },
                "responses": _answers(
                    {"200": _json("The inspection, its verdict in millimetres", _ref("Inspection"))}, 404
                ),
            }
        },
        "/api/v1/inspections/{id}/cracks.{kind}": {
            "get": {
                "summary": "The cracks of the newest verdict with their widths, in mm where there is a scale",
                "parameters": [
                    id,
                    {
                        "name": "kind",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string", "enum": list(drawings.KINDS)},
                    },
                ],
                "responses": _answers({"200": _files("The drawing, table or mask", "image/svg+xml")}, 404),
            }
        },
    }


def _showing() -> Json:
    """Pictures out: `core.rest.showing`."""
    id = _in_path("id", "Number of the inspection.", {"type": "integer"})
    sha = _in_path("sha", "sha256, 64 hex digits.")
    side = _query(
        "side", f"Longer side in pixels; one of {', '.join(map(str, pictures.SIDES))} is given.", "integer"
    )
    return {
        "/api/v1/artifacts/{sha}": {
            "get": {
                "summary": "A file of the store, as it was uploaded or made",
                "parameters": [sha],
                "responses": _answers({"200": _files("The file", "application/octet-stream")}, 404),
            }
        },
        "/api/v1/thumbs/{sha}": {
            "get": {
                "summary": "A small picture of a photo",
                "parameters": [sha, side],
                "responses": _answers({"200": _files("The picture", "image/webp")}, 404),
            }
        },
        "/api/v1/overlays/{id}.webp": {
            "get": {
                "summary": "What the verdict calls crack, to be laid over the photo",
                "parameters": [
                    id,
                    side,
                    _query("threshold", "Another threshold than the verdict's, 0 to 1.", "number"),
                ],
                "responses": _answers({"200": _files("Magenta on nothing", "image/webp")}, 404),
            }
        },
        "/api/v1/maps/{id}": {
            "get": {
                "summary": "The probability map of a crack verdict, 8-bit grey: round(255 p)",
                "parameters": [id],
                "responses": _answers({"200": _files("The map", "image/png")}, 404),
            }
        },
        "/api/v1/models/{domain}/{id}/maps/{sha}": {
            "get": {
                "summary": "The map that a model's evaluation kept for a photo",
                "parameters": [
                    _in_path("domain", "Domain of the model.", {"enum": list(DOMAINS)}),
                    _in_path("id", "Id of the model."),
                    sha,
                ],
                "responses": _answers({"200": _files("The map", "image/png", "image/webp")}, 404),
            }
        },
        "/api/v1/sweeps/{run}/{trial}/maps/{sha}": {
            "get": {
                "summary": "The map of a test photo, kept with one training of a sweep",
                "parameters": [
                    _in_path("run", "The sweep's run."),
                    _in_path("trial", "The number of the training.", {"type": "integer"}),
                    sha,
                ],
                "responses": _answers({"200": _files("The map", "image/png", "image/webp")}, 404),
            }
        },
    }


def _schemas() -> Json:
    text, number, whole, flag = ({"type": t} for t in ("string", "number", "integer", "boolean"))
    when = {"type": "string", "format": "date-time"}
    sha = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    domain = {"enum": list(DOMAINS)}
    trim = {
        "type": ["array", "null"],
        "items": number | {"minimum": 0, "maximum": 1},
        "minItems": 4,
        "maxItems": 4,
        "description": "The cut to the part: x0, y0, x1, y1 as fractions of the upright photo.",
    }
    scale = {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "description": "Millimetres a pixel; without it widths are in pixels only.",
    }
    kept_scale = {
        "mm_per_px": number,
        "error": number | {"description": "Half its band, as a share: 0.01 is within one per cent."},
        "how": {"enum": list(HOWS)},
        "told": {"type": "object", "description": "What was given; of a marker also what was seen."},
        "by": text,
        "at": when,
    }
    new_scale = {"how": {"enum": list(HOWS)}} | {
        name: number for name in ("mm_per_px", "error", "x0", "y0", "x1", "y1", "mm", "m", "focal_px")
    }
    verdict = {
        "domain": domain,
        "label": {"enum": sorted({label for labels in LABELS.values() for label in labels})},
        "confidence": number | {"description": "Calibrated probability that the label is right."},
        "threshold": _or_null(number),
        "needs_person": flag,
        "reason": text,
        "next_step": text,
        "model": text,
        "figures": {"type": "object", "description": f"p_defect; p_0 … p_3; {_CRACK_FIGURES}"},
        "trim": trim,
        "scale_mm_per_px": scale,
        "severity": number | {"description": "0 nothing seen to 1 worst; what lists are ordered by."},
        "at": when,
        "by": text,
    }
    terms = _object(dict.fromkeys(("key", "name", "source", "words", "needs"), text))
    terms["properties"]["classes"] = {"type": "array", "items": text, "description": "One, or all left."}
    inspection = {
        "id": whole,
        "state": {"enum": ["waiting", "running", "done", "failed", "cancelled"]},
        "error": _or_null(text),
        "photo": sha,
        "name": text,
        "domain": domain,
        "batch": text,
        "owner": text,
        "place": text,
        "note": text,
        "trim": trim,
        "instead": _or_null(whole) | {"description": "The inspection that stands in place of this one."},
        "scale_mm_per_px": scale,
        "scale": {"anyOf": [_ref("Scale"), {"type": "null"}]},
        "width_px": whole,
        "height_px": whole,
        "taken_at": _or_null(text),
        "created_at": when,
        "verdict": {"anyOf": [_ref("Verdict"), {"type": "null"}]},
        "opinion": {"anyOf": [_ref("Opinion"), {"type": "null"}]},
        "terms": {
            "type": "array",
            "items": terms,
            "description": "Corrosion, once judged: what the grade that stands is called in other terms.",
        },
        "links": {"type": "object", "additionalProperties": text},
    }
    past = {
        "verdicts": {
            "type": "array",
            "items": _ref("Verdict"),
            "description": "Newest first; one photo only.",
        },
        "opinions": {"type": "array", "items": _ref("Opinion")},
    }
    ask = {
        "photo": sha,
        "domain": domain,
        "batch": text | {"maxLength": 200},
        "name": text,
        "place": text | {"maxLength": 200},
        "trim": trim,
        "scale_mm_per_px": scale,
        "marker_mm": number
        | {"minimum": 1, "description": "The side of a printed marker in the photo, to read the scale by."},
        "wait": number,
    }
    opinion = {"who": text, "label": text, "agrees": flag, "note": text, "at": when}
    problem = {"type": text, "title": text, "status": whole, "detail": text, "reason": text}
    kept = {"photo": sha, "known": flag, "width_px": whole, "height_px": whole, "name": text}
    health = {
        "status": {"enum": ["ok", "degraded"]},
        "version": text,
        "workers": {"type": "array"},
        "waiting": {"type": "object"},
        "disk": {"type": "object"},
    }
    return {
        "Problem": _object(problem, "type", "title", "status", "detail"),
        "Health": _object(health, "status"),
        "Kept": _object(kept, *kept),
        "Part": _object({"received": whole, "total": _or_null(whole)}, "received", "total"),
        "Ask": _object(ask, "domain"),
        "Verdict": _object(verdict, *(k for k in verdict if k != "severity")),
        "Scale": _object(kept_scale, *kept_scale),
        "NewScale": _object(new_scale, "how"),
        "Opinion": _object(opinion, *opinion),
        "Inspection": _object(inspection | past, *(k for k in inspection if k != "terms")),
        "Page": _object(
            {
                "inspections": {"type": "array", "items": _ref("Inspection")},
                "next": _or_null(text | {"description": "Path of the next page."}),
            },
            "inspections",
            "next",
        ),
    }


def _answers(good: Json, *codes: int) -> Json:
    """The good answers, and the errors that any request may meet besides these."""
    return good | {str(c): {"$ref": "#/components/responses/Problem"} for c in (400, 401, 403, *codes)}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Mapping[str, Any], *required: str) -> Json:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _or_null(schema: Json) -> Json:
    return schema | {"type": [schema["type"], "null"]}


def _json(what: str, schema: Json) -> Json:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _files(what: str, *kinds: str) -> Json:
    return {"description": what, "content": {kind: {} for kind in kinds}}


def _bytes_in() -> Json:
    return {"required": True, "content": {"application/octet-stream": {}, "image/*": {}}}


def _query(name: str, what: str, kind: str = "string") -> Json:
    return {"name": name, "in": "query", "schema": {"type": kind}, "description": what}


def _in_path(name: str, what: str, schema: Json | None = None) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": schema or {"type": "string"},
        "description": what,
    }
