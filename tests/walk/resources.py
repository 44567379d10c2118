"""The things that a document has: a collection and an item in it, how they look, and where a thing is in an answer."""

from dataclasses import dataclass

from document import PARAMETER, id_property, singular, squashed, words

# Where a thing is wrapped, when not under its own name.
ENVELOPES = ("data", "result", "item", "response", "payload", "resource", "attributes", "content", "value")
# No answer is searched deeper for its list.
DEPTH_MAX = 5


@dataclass
class Pair:
    """A collection and an item in it; either may be without an operation of its own."""

    collection: str
    item: str
    parameter: str
    noun: str
    record: dict
    envelope: tuple
    id: str | None
    # Whether the id is a value of the request that makes the thing, and none of the thing's own.
    chosen: bool = False

    @property
    def nested(self):
        return "{}" in self.collection

    def __str__(self):
        return self.item


def pairs(document):
    """All collections with an item below that can be changed."""
    shapes = {shape for shape, _ in document.at}
    found = []
    # Two parameters in a row are no collection and an item in it: what is above is an item itself.
    items = {shape for shape in shapes if shape.endswith("/{}") and not shape.endswith("{}/{}")}
    for one in sorted(item for item in items if item[:-3] in shapes):
        changes = [document.find(one, method) for method in ("put", "patch", "delete", "post")]
        if any(changes) or document.find(one[:-3], "post"):
            found.append(pair_at(document, one))
    return found


def pair_at(document, item):
    collection = item[:-3]
    some = document.find(item, "get", "put", "patch", "delete", "post")
    parameter = some.names[-1]
    noun = next((part for part in reversed(collection.split("/")) if part and part != "{}"), "")
    record, envelope = {}, ()
    sources = [document.success(document.find(item, "get")), document.success(document.find(collection, "post"))]
    sources += [document.success(document.find(item, method)) for method in ("put", "patch", "post")]
    for schema in sources:
        if schema is not None:
            record, envelope = unwrapped(document, schema, parameter, noun)
            if record:
                break
    if not record:
        record = listed(document, document.success(document.find(collection, "get")))
    id = id_property(list(record), parameter, noun)
    create = document.find(collection, "post")
    sent = [
        name for body in (create.body.values() if create else ()) for name in document.properties(body.child("schema"))
    ]
    chosen = len(words(parameter)) > 1 and parameter in sent and parameter not in record
    return Pair(collection, item, parameter, noun, record, envelope, parameter if chosen else id, chosen)


def unwrapped(document, schema, parameter, noun):
    """The properties of the thing itself, and the names that lead to it."""
    properties = document.properties(schema)
    items = document.items(schema)
    if not properties and items:
        return document.properties(items), ()
    own = id_property(list(properties), parameter, noun)
    if own and squashed(own) not in ("name", "code", "number", "token", "key", "slug"):
        return properties, ()
    inside = [name for name in properties if singular("".join(words(name))) == singular("".join(words(noun)))]
    inside += [name for name in properties if name in ENVELOPES]
    if len(properties) == 1:
        inside += list(properties)
    for name in inside:
        place = document.resolve(properties[name])
        inner = document.properties(place)
        if not inner and document.items(place):
            inner = document.properties(document.items(place))
        if inner:
            attributes = document.properties(inner["attributes"]) if "attributes" in inner else {}
            return (
                (inner | attributes, (name,))
                if id_property(list(inner | attributes), parameter, noun)
                else (inner, (name,))
            )
    return properties, ()


def listed(document, schema):
    """The properties of the things in a list."""
    if schema is None:
        return {}
    items = document.items(schema)
    if items:
        return document.properties(items)
    for place in document.properties(schema).values():
        items = document.items(place)
        if items and document.properties(items):
            return document.properties(items)
    return {}


def record_in(pair, body):
    """The thing in an answer, or None."""
    if isinstance(body, list):
        return record_in(pair, body[0]) if len(body) == 1 else None
    if not isinstance(body, dict):
        return None
    for name in pair.envelope:
        inner = body.get(name)
        if isinstance(inner, list) and len(inner) == 1:
            inner = inner[0]
        if isinstance(inner, dict):
            body = inner
    if isinstance(body.get("attributes"), dict):
        body = body["attributes"] | {name: value for name, value in body.items() if name != "attributes"}
    return body


def id_in(pair, body):
    """The id of the thing in an answer, or None."""
    record = record_in(pair, body)
    if record is None:
        return body if isinstance(body, (str, int)) and not isinstance(body, bool) and body != "" else None
    for name in [pair.id] if pair.id else []:
        if isinstance(record.get(name), (str, int)) and record[name] != "":
            return record[name]
    if pair.id and isinstance(body, dict) and record is not body:
        return None
    for inner in [record, *(body.values() if isinstance(body, dict) else [])]:
        if not isinstance(inner, dict):
            continue
        name = id_property(list(inner), pair.parameter, pair.noun)
        if name and isinstance(inner[name], (str, int)) and inner[name] != "":
            return inner[name]
    return None


def things(pair, body, depth=0):
    """All that may be the things of a list: the items of each array of the answer, and of each map."""
    if depth > DEPTH_MAX:
        return
    if isinstance(body, list):
        yield from body
        for one in body:
            if isinstance(one, dict):
                noun = singular(squashed(pair.noun))
                yield from (
                    inner
                    for name, inner in one.items()
                    if isinstance(inner, dict) and (len(one) == 1 or singular(squashed(name)) == noun)
                )
    elif isinstance(body, dict):
        for value in body.values():
            if isinstance(value, (dict, list)):
                yield from things(pair, value, depth + 1)


def has(pair, body, id):
    """Whether a list has a thing with this id."""
    return any(is_thing(pair, one, id) for one in things(pair, body)) or map_has(body, id)


def is_thing(pair, one, id):
    if isinstance(one, dict):
        if isinstance(one.get("attributes"), dict):
            one = one["attributes"] | one
        if pair.chosen:
            return any(str(value) == str(id) for value in scalars(one))
        if pair.id and pair.id in one:
            return str(one[pair.id]) == str(id)
        name = id_property(list(one), pair.parameter, pair.noun)
        return name is not None and str(one[name]) == str(id)
    return not isinstance(one, (bool, list)) and one is not None and str(one) == str(id)


def scalars(value, depth=0):
    if isinstance(value, (dict, list)) and depth < DEPTH_MAX:
        for one in value.values() if isinstance(value, dict) else value:
            yield from scalars(one, depth + 1)
    elif isinstance(value, (str, int)):
        yield value


def map_has(body, id, depth=0):
    if not isinstance(body, dict) or depth > 2:
        return False
    if isinstance(body.get(str(id)), dict):
        return True
    return any(map_has(value, id, depth + 1) for value in body.values())


def size(pair, body):
    """How many things a list has: those of its longest array, or of itself as a map."""
    if isinstance(body, list):
        return len(body)
    if isinstance(body, dict):
        return max((size(pair, value) for value in body.values() if isinstance(value, (list, dict))), default=0)
    return 0


def parents(item):
    """The shapes of the items that a path is below of, outermost first."""
    parts = item.split("/")
    return ["/".join(parts[: index + 1]) for index, part in enumerate(parts) if "{}" in part][:-1]


def last_is_parameter(path):
    return bool(PARAMETER.search(path.rstrip("/").rsplit("/", 1)[-1]))
