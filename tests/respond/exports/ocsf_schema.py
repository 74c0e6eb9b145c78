"""A small compiler of OCSF's own schema files, and a validator of one event.

``extends`` merges a parent's attributes below a child's, ``$include`` those of a profile, and the
dictionary gives each attribute its type. What is deprecated counts as unknown.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

_NUMBERS: Final = {"integer_t", "long_t", "timestamp_t", "port_t"}
#: The classes and categories themselves are what these may say: held in ``complaints``.
_CLASSIFYING: Final = {"category_uid", "class_uid", "type_uid"}


class Schema:
    """The schema in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        dictionary = _load(folder / "dictionary.json")
        self._attributes = dictionary["attributes"]
        self._types = dictionary["types"]["attributes"]
        self.version = _load(folder / "version.json")["version"]
        self.categories = _load(folder / "categories.json")["attributes"]

    def complaints(self, event: dict[str, Any], name: str) -> list[str]:
        """What is wrong with an event of a class, such as ``findings/compliance_finding``."""
        event_class = self._class(name)
        category = self.categories[event_class["category"]]["uid"]
        said = list(self._object(event, event_class, name))
        if event.get("class_uid") != category * 1000 + event_class["uid"]:
            said.append("class_uid is another")
        if event.get("category_uid") != category:
            said.append("category_uid is another")
        if event.get("type_uid") != event["class_uid"] * 100 + event["activity_id"]:
            said.append("type_uid is another")
        if event["metadata"]["version"] != self.version:
            said.append("the version is another")
        return said

    def _class(self, name: str) -> dict[str, Any]:
        places = {path.stem: path for path in (self._folder / "events").rglob("*.json")}
        return self._compiled(_load(places[name]), places)

    def _compiled(self, body: dict[str, Any], places: dict[str, Path]) -> dict[str, Any]:
        parent = body.get("extends")
        base = self._compiled(_load(places[parent]), places) if parent else {"attributes": {}}
        own = dict(body.get("attributes", {}))
        included: dict[str, Any] = {}
        for path in own.pop("$include", []):
            profile = _load(self._folder / path)
            included |= {
                name: profile.get("annotations", {}) | attribute | {"requirement": "optional"}
                for name, attribute in profile["attributes"].items()
            }
        attributes: dict[str, Any] = dict(base["attributes"])
        for layer in (included, own):
            for name, attribute in layer.items():
                before = attributes.get(name, {})
                enum = before.get("enum", {}) | attribute.get("enum", {})
                attributes[name] = before | attribute | ({"enum": enum} if enum else {})
        return {**base, **body, "attributes": attributes}

    def _object(self, body: Any, kind: dict[str, Any], path: str) -> list[str]:
        if not isinstance(body, dict):
            return [f"{path} is no object"]
        said = []
        attributes = kind["attributes"]
        for name, attribute in attributes.items():
            if attribute.get("requirement") == "required" and name not in body:
                said.append(f"{path}.{name} is missing")
        for rule, names in kind.get("constraints", {}).items():
            count = sum(name in body for name in names)
            if count == 0 or (rule == "just_one" and count > 1):
                said.append(f"{path} has {count} of {names}")
        for name, value in body.items():
            attribute = self._attributes.get(name, {}) | attributes.get(name, {})
            if name not in attributes or "@deprecated" in attribute:
                said.append(f"{path}.{name} is unknown or deprecated")
            else:
                said.extend(self._attribute(value, name, attribute, f"{path}.{name}"))
                said.extend(self._sibling(body, name, attribute, f"{path}.{name}"))
        return said

    def _attribute(self, value: Any, name: str, attribute: dict[str, Any], path: str) -> list[str]:
        if attribute.get("is_array"):
            if not isinstance(value, list):
                return [f"{path} is no array"]
            one = attribute | {"is_array": False}
            return [said for item in value for said in self._attribute(item, name, one, path)]
        kind = attribute["type"]
        if kind in self._types:
            return self._scalar(value, kind, self._enum(name, attribute), path)
        return self._object(value, self._named(kind), path)

    def _enum(self, name: str, attribute: dict[str, Any]) -> dict[str, Any]:
        if name in _CLASSIFYING:
            return {}
        shared = self._attributes.get(name, {}).get("enum", {})
        return shared | attribute.get("enum", {}) if "enum" in attribute else {}

    def _scalar(self, value: Any, kind: str, enum: dict[str, Any], path: str) -> list[str]:
        if kind == "json_t":
            return []
        if kind in _NUMBERS:
            if not isinstance(value, int) or isinstance(value, bool):
                return [f"{path} is no integer"]
            return [] if not enum or str(value) in enum else [f"{path}: {value} has no meaning"]
        if kind == "boolean_t":
            return [] if isinstance(value, bool) else [f"{path} is no boolean"]
        if not isinstance(value, str):
            return [f"{path} is no string"]
        form = self._types[kind].get("regex")
        return [] if form is None or re.search(form, value) else [f"{path} is no {kind}"]

    def _sibling(
        self, body: dict[str, Any], name: str, attribute: dict[str, Any], path: str
    ) -> list[str]:
        """A number's word is the one that the schema has for it."""
        word = body.get(attribute.get("sibling", ""))
        enum = self._enum(name, attribute)
        if word is None or not enum or str(body[name]) == "99":
            return []
        expected = enum.get(str(body[name]), {}).get("caption")
        return [] if word == expected else [f"{path} is called {expected}, not {word}"]

    @cache  # noqa: B019  # one schema lives as long as the tests
    def _named(self, kind: str) -> dict[str, Any]:
        places = {path.stem: path for path in (self._folder / "objects").glob("*.json")}
        return self._compiled(_load(places[kind]), places)


def _load(path: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(path.read_text())
    return body
