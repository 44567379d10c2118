"""An OpenAPI document: its operations, and which of them are about one thing.

Read here from the text, and by nothing of the program's: what it reads wrong must not be read wrong here too.
"""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import second
import yaml

METHODS = ("get", "put", "post", "delete", "patch")
PARAMETER = re.compile(r"\{([^{}]*)\}")
# Nothing refers through more references than this; more is a circle.
REFERENCES_MAX = 50


def load(path):
    """The document in a file, JSON or YAML."""
    text = path.read_text()
    if text.lstrip().startswith("{"):
        return json.loads(text)
    loader = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
    # A date in a document is a text, as it is in JSON.
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in all if tag != "tag:yaml.org,2002:timestamp"]
        for first, all in loader.yaml_implicit_resolvers.items()
    }
    # A round trip makes keys such as 200 texts.
    return json.loads(json.dumps(yaml.load(text, Loader=loader)))


def pointer(*keys):
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


@dataclass
class Place:
    """A value of the document and where it is, for the validator follows references from there."""

    value: object
    at: str

    def __bool__(self):
        return isinstance(self.value, dict)

    def child(self, *keys):
        value = self.value
        for key in keys:
            if isinstance(value, list):
                value = value[key] if key < len(value) else None
            else:
                value = value.get(key) if isinstance(value, dict) else None
        return Place(value, self.at + pointer(*keys))


@dataclass
class Operation:
    method: str
    path: str
    shape: str
    id: str
    parameters: list
    body: dict
    body_required: bool
    responses: Place
    security: list
    server: str
    names: list = field(default_factory=list)

    def __str__(self):
        return f"{self.method.upper()} {self.path}"

    def address(self, values):
        """The path with a value for each parameter, in their order."""
        values = iter(values)
        return PARAMETER.sub(lambda _: next(values), self.path)


class Document:
    def __init__(self, path):
        self.root = load(path)
        if str(self.root.get("swagger", "")).startswith("2"):
            self.root = second.read(self.root)
        self.version = str(self.root.get("openapi", ""))
        self.is_31 = self.version.startswith("3.1")
        self.operations = [
            operation for path, item in self.root.get("paths", {}).items() for operation in self._operations(path, item)
        ]
        self.at = {}
        for operation in self.operations:
            self.at.setdefault((operation.shape, operation.method), operation)

    def resolve(self, place):
        """What is at the place after all references."""
        for _ in range(REFERENCES_MAX):
            reference = place.value.get("$ref") if isinstance(place.value, dict) else None
            if not isinstance(reference, str) or not reference.startswith("#"):
                return place
            value = self.root
            for key in reference[1:].split("/")[1:]:
                key = re.sub("%([0-9A-Fa-f]{2})", lambda hex: chr(int(hex[1], 16)), key)
                key = key.replace("~1", "/").replace("~0", "~")
                if isinstance(value, list):
                    value = value[int(key)]
                else:
                    value = value.get(key) if isinstance(value, dict) else None
            place = Place(value, reference[1:])
        return Place(None, place.at)

    def find(self, shape, *methods):
        """The first of the operations at a path, its parameters without names."""
        return next((self.at[shape, method] for method in methods if (shape, method) in self.at), None)

    def response(self, operation, status):
        """What the document says of answers with this status: the status itself, its class, or the default."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in (operation.responses.value or {}):
                return self.resolve(operation.responses.child(key))
        return None

    def success(self, operation, *statuses):
        """The schema of the operation's first success that has one in JSON."""
        if operation is None:
            return None
        documented = operation.responses.value or {}
        keys = sorted(key for key in documented if key[:1] == "2")
        for key in keys + [key for key in ("default",) if key in documented and not keys]:
            content = self.resolve(operation.responses.child(key)).child("content")
            for media in content.value or {}:
                if is_json(media) and content.child(media, "schema"):
                    return content.child(media, "schema")
        return None

    def properties(self, place, depth=0):
        """The properties of a schema, those of `allOf` and of the first object of alternatives among them."""
        place = self.resolve(place)
        if not place or depth > 12:
            return {}
        all = {}
        for key in ("allOf", "oneOf", "anyOf"):
            for index in range(len(place.value.get(key) or [])):
                found = self.properties(place.child(key, index), depth + 1)
                all.update({name: schema for name, schema in found.items() if name not in all})
                if key != "allOf" and found:
                    break
        for name in place.value.get("properties") or {}:
            all[name] = place.child("properties", name)
        return all

    def items(self, place, depth=0):
        """The schema of the items of an array."""
        place = self.resolve(place)
        if not place or depth > 12:
            return None
        if "items" in place.value:
            return place.child("items")
        for key in ("allOf", "oneOf", "anyOf"):
            for index in range(len(place.value.get(key) or [])):
                found = self.items(place.child(key, index), depth + 1)
                if found:
                    return found
        return None

    def _operations(self, path, item):
        place = self.resolve(Place(item, pointer("paths", path)))
        if not place:
            return
        for method in METHODS:
            operation = place.child(method)
            if not operation:
                continue
            parameters = {}
            for owner in (place, operation):
                for index in range(len(owner.value.get("parameters") or [])):
                    parameter = self.resolve(owner.child("parameters", index))
                    if parameter:
                        parameters[parameter.value.get("in"), parameter.value.get("name")] = parameter
            body = self.resolve(operation.child("requestBody"))
            content = body.child("content").value if body else None
            yield Operation(
                method=method,
                path=path,
                shape=shape(path),
                id=operation.value.get("operationId") or f"{method} {path}",
                parameters=list(parameters.values()),
                body={media: body.child("content", media) for media in content or {}},
                body_required=bool(body and body.value.get("required")),
                responses=operation.child("responses"),
                security=operation.value.get("security", self.root.get("security")) or [],
                server=server(operation.value, place.value, self.root),
                names=PARAMETER.findall(path),
            )


def shape(path):
    """A path without the names of its parameters, and without a slash at its end."""
    return PARAMETER.sub("{}", path).rstrip("/") or "/"


def server(*owners):
    """The path of the first server, its variables at their defaults."""
    for owner in owners:
        servers = owner.get("servers") or []
        if servers:
            url = servers[0].get("url", "")
            for name, variable in (servers[0].get("variables") or {}).items():
                url = url.replace("{" + name + "}", str(variable.get("default", "")))
            path = urlsplit(url).path if "//" in url else url
            return "/" + path.strip("/") if path.strip("/") else ""
    return ""


def is_json(media):
    media = media.split(";")[0].strip().lower()
    return media in ("application/json", "*/*", "application/*") or media.endswith("+json")


# Words whose singular is not what the rules below make of them.
SINGULARS = {
    "people": "person", "children": "child", "indices": "index", "aliases": "alias", "statuses": "status",
    "series": "series", "news": "news", "status": "status", "address": "address", "access": "access",
    "caches": "cache", "houses": "house", "databases": "database", "releases": "release", "licenses": "license",
    "bus": "bus", "dns": "dns", "movies": "movie",
}  # fmt: skip


def singular(word):
    word = word.lower()
    if word in SINGULARS:
        return SINGULARS[word]
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("ss", "ss"),
                            ("s", "")):  # fmt: skip
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return word


def words(name):
    """The words of a name, in small letters: `petId`, `pet_id` and `pet-id` are two."""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", name) if word]


def squashed(name):
    return "".join(words(name))


# Names of properties that tell a thing from others of its kind, besides `id`.
KEYS = ("uuid", "uid", "guid", "gid", "sid", "key", "slug", "name", "code", "number", "token")


def id_property(names, parameter, resource):
    """Which of a record's properties the path's last parameter means, or None."""
    names = [name for name in names if name]
    by = {}
    for name in names:
        by.setdefault(squashed(name), name)
    own = words(parameter)
    noun = [singular(word) for word in words(resource)]
    wanted = [squashed(parameter)]
    for length in range(len(own), 0, -1):
        head = [singular(word) for word in own[:length]]
        if len(own) > length and (head == noun[-length:] or head == noun[:length]):
            wanted.append("".join(own[length:]))
    if len(own) > 1:
        wanted.append(own[-1])
    if [singular(word) for word in own] in (noun, noun[-1:]):
        wanted.append("id")
    wanted += ["".join(noun) + key for key in ("id", *KEYS)] + [noun[-1] + key for key in ("id", *KEYS) if noun]
    wanted += ["id", *KEYS]
    if parameter in names:
        return parameter
    return next((by[want] for want in wanted if want in by), None)
