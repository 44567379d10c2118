"""The life of each thing of a document, from its creation to after its end."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from document import PARAMETER, id_property, squashed
from resources import Pair, has, id_in, last_is_parameter, listed, pair_at, pairs, parents, record_in, size, things

# So many pages of a list are read before a thing is not in it.
PAGES_MAX = 6
PAGE_SIZE = ("limit", "perpage", "pagesize", "size", "count", "maxresults", "max", "take", "pagelimit")
PAGE = ("page", "pagenumber", "p", "pageindex")
OFFSET = ("offset", "skip", "start", "startindex", "first")
CURSOR = ("cursor", "after", "startingafter", "pagetoken", "nexttoken", "marker", "continuation", "pagecursor")
PARENTS_MAX = 6


class Failed(Exception):
    """A step that does not hold: what was expected, and the answer."""

    def __init__(self, expected, answer=None):
        super().__init__(expected)
        self.answer = answer


@dataclass
class Step:
    name: str
    pair: str
    failure: str | None = None
    answer: object = None


@dataclass
class Report:
    pairs: int = 0
    with_id: int = 0
    whole: int = 0
    whole_with_id: int = 0
    steps: list = field(default_factory=list)
    deletions: dict = field(default_factory=dict)
    not_made: list = field(default_factory=list)

    @property
    def held(self):
        return sum(step.failure is None for step in self.steps)

    @property
    def gone(self):
        return sum(outcome == "gone" for outcome, _ in self.deletions.values())


@dataclass
class Thing:
    """One that is there: the values of its path, and what it was made with."""

    path: list
    sent: object = None
    media: str | None = None
    # As it was read last, or answered when it was made.
    record: object = None

    @property
    def id(self):
        return self.path[-1]


class Walker:
    def __init__(self, document, client, values, printed=()):
        self.document = document
        self.client = client
        self.values = values
        self.pairs = {pair.item: pair for pair in pairs(document)}
        self.report = Report()
        self.printed = {}
        for operation in document.operations:
            parts = re.split(PARAMETER, operation.server + operation.path)[::2]
            pattern = re.compile("([^/]+)".join(map(re.escape, parts)) + "/?")
            for path in printed:
                if match := pattern.fullmatch(path):
                    self.printed.setdefault(operation.shape, [unquote(value) for value in match.groups()])

    def walk(self):
        for pair in self.pairs.values():
            self._pair(pair)
        for operation in self.document.operations:
            if operation.method == "delete" and operation.path not in self.report.deletions:
                self._deletion(operation)
        if not self.pairs:
            self._calls()
        return self.report

    def _calls(self):
        """Each operation of a document that has no things by its paths: whatever it answers must be what it says."""
        for operation in self.document.operations:
            path = [self._given(item, index) for index, item in enumerate(parents(operation.shape + "/{}"))]
            media, body = self.values.body(operation)
            if body is None and operation.body:
                self.report.not_made.append(str(operation))
            else:
                self._quiet(lambda one=(operation, path, body, media): self._good(*one))

    # One pair.

    def _pair(self, pair):
        report = self.report
        report.pairs += 1
        report.with_id += pair.id is not None
        before = len(report.steps), len(self.client.outside)
        self._life(pair)
        steps = report.steps[before[0] :]
        whole = all(step.failure is None for step in steps) and len(self.client.outside) == before[1]
        report.whole += whole
        report.whole_with_id += whole and pair.id is not None

    def _life(self, pair):
        find = self.document.find
        # Where nothing is made, things are only there below parents that were there before.
        before = not find(pair.collection, "post") and not find(pair.item, "put")
        thing = self._step(pair, "create", lambda: self._there(pair, self._bound(pair, before=before)))
        if thing is None:
            return
        sibling = self._quiet(lambda: self._there(pair, thing.path[:-1], beside=thing))
        cousin = (
            self._quiet(lambda: self._there(pair, self._bound(pair, beside=thing), beside=thing))
            if pair.nested
            else None
        )
        if cousin and cousin.path[:-1] == thing.path[:-1]:
            cousin = None
        read = find(pair.item, "get")
        listing = find(pair.collection, "get")
        if read:
            self._step(pair, "read", lambda: self._reads(pair, thing, self._echoed(pair, thing.sent)))
        if listing:
            self._step(pair, "list", lambda: self._lists(pair, thing, True))
        for method in ("patch", "put", "post"):
            operation = find(pair.item, method)
            if operation:
                self._updated(pair, operation, thing)
        delete = find(pair.item, "delete")
        if delete is None:
            return
        outcome = self._deleted(pair, delete, thing, read, listing)
        if outcome == "gone":
            for name, other in (("sibling", sibling), ("cousin", cousin)):
                if other and (read or listing) and other.path != thing.path:
                    self._step(pair, name, lambda other=other: self._is_there(pair, other))
        self.report.deletions[delete.path] = (outcome, None)

    def _updated(self, pair, operation, thing):
        keep = {name: thing.id for name in [pair.id] if name} | {pair.parameter: thing.id}
        media, body = self._changing(pair, operation, keep)
        if body is None and operation.body:
            self.report.not_made.append(str(operation))
            return
        name = f"update by {operation.method.upper()}"
        if self._step(pair, name, lambda: self._good(operation, thing.path, body, media)) is None:
            return
        changed = self._echoed(pair, patched(body, media))
        if changed and self.document.find(pair.item, "get"):
            self._step(
                pair, f"read the change by {operation.method.upper()}", lambda: self._reads(pair, thing, changed)
            )

    def _changing(self, pair, operation, keep):
        media, body = self.values.body(operation, keep, change=True)
        if media and "json-patch" in media:
            for name, schema in pair.record.items():
                value = self.values.make(schema, name, plain=True)
                resolved = self.document.resolve(schema).value or {}
                if isinstance(value, str) and name != pair.id and not resolved.get("readOnly"):
                    return media, [{"op": "add", "path": f"/{name}", "value": value}]
        return media, body

    def _deleted(self, pair, delete, thing, read, listing):
        media, body = self.values.body(delete) if delete.body_required else (None, None)
        answer = self._step(pair, "delete", lambda: self._good(delete, thing.path, body, media))
        if answer is None:
            return "refused"
        held = []
        if read:
            held.append(self._step(pair, "read the deleted", lambda: self._absent(read, thing.path)))
        if listing:
            held.append(self._step(pair, "list without the deleted", lambda: self._lists(pair, thing, False)))
        again = self._step(pair, "delete again", lambda: self._absent(delete, thing.path, body, media))
        if not read and not listing:
            held.append(again)
        patch = self.document.find(pair.item, "patch")
        if patch:
            media, body = self._changing(pair, patch, {})
            if body is not None:
                self._step(pair, "change the deleted", lambda: self._absent(patch, thing.path, body, media))
        return "gone" if all(held) else "kept"

    # The steps.

    def _step(self, pair, name, act):
        """What an act gives; None if it does not hold, which is written down."""
        outside = len(self.client.outside)
        step = Step(name, str(pair))
        self.report.steps.append(step)
        try:
            result = act()
        except Failed as failed:
            step.failure, step.answer = str(failed), failed.answer
            return None
        if len(self.client.outside) > outside:
            step.failure, step.answer = "an answer within the contract", self.client.outside[-1]
        return result if result is not None else True

    def _quiet(self, act):
        try:
            return act()
        except Failed:
            return None

    def _good(self, operation, path, body=None, media=None, query=None):
        answer = self.client.call(operation, path, query=query, body=body, media=media)
        if not answer.good:
            raise Failed("a success", answer)
        return answer

    def _absent(self, operation, path, body=None, media=None, query=None):
        answer = self.client.call(operation, path, query=query, body=body, media=media)
        if not 400 <= answer.status < 500:
            raise Failed("that it is absent", answer)
        return answer

    def _reads(self, pair, thing, expected):
        answer = self._good(self.document.find(pair.item, "get"), thing.path)
        record = thing.record = record_in(pair, answer.body)
        own = id_in(pair, answer.body) if pair.id and not pair.chosen else None
        if own is not None and str(own) != str(thing.id) and not self._another_name(record, thing.id):
            raise Failed(f"the id {thing.id!r}", answer)
        for name, value in expected.items():
            if not isinstance(record, dict) or not same(record.get(name), value):
                raise Failed(f"`{name}` to be {value!r}", answer)
        return answer

    def _another_name(self, record, id):
        return isinstance(record, dict) and any(str(value) == str(id) for value in record.values())

    def _lists(self, pair, thing, wanted):
        found, answer = self._in_list(pair, thing)
        if found != wanted:
            raise Failed(f"{thing.id!r} in the list" if wanted else f"no {thing.id!r} in the list", answer)
        return answer

    def _is_there(self, pair, thing):
        read = self.document.find(pair.item, "get")
        return self._good(read, thing.path) if read else self._lists(pair, thing, True)

    def _echoed(self, pair, sent):
        """Which of the values that were sent a reader of the thing must see: those that its schema can hold."""
        if isinstance(sent, dict) and len(sent) == 1:
            name, inner = next(iter(sent.items()))
            if isinstance(inner, dict) and name not in pair.record:
                sent = inner
        if isinstance(sent, dict) and isinstance(sent.get("attributes"), dict):
            sent = sent["attributes"]
        if not isinstance(sent, dict):
            return {}
        expected = {}
        for name, value in sent.items():
            schema = pair.record.get(name)
            if schema is None or isinstance(value, (dict, list)) or value is None or name == pair.id:
                continue
            resolved = self.document.resolve(schema).value or {}
            if resolved.get("writeOnly") or resolved.get("readOnly") or resolved.get("format") == "password":
                continue
            if not self.client.checker.errors(schema, value):
                expected[name] = value
        return expected

    # Lists.

    def _in_list(self, pair, thing):
        operation = self.document.find(pair.collection, "get")
        query, sizes = self._page_query(operation, thing)
        before = None
        for _ in range(PAGES_MAX):
            answer = self._good(operation, thing.path[:-1], query=query)
            if has(pair, answer.body, thing.id):
                return True, answer
            count = size(pair, answer.body)
            if count == 0 or answer.text == before:
                return False, answer
            before = answer.text
            following = self._next_page(operation, query, answer, count, sizes)
            if following is None:
                return False, answer
            query = following
        return False, answer

    def _page_query(self, operation, thing):
        query, wanted = {}, None
        for parameter in operation.parameters:
            if parameter.value.get("in") != "query":
                continue
            name, schema = parameter.value["name"], self.document.resolve(parameter.child("schema")).value or {}
            short = squashed(name)
            if short in PAGE_SIZE and wanted is None and schema.get("type", "integer") == "integer":
                most = schema.get("maximum", 100)
                wanted = min(most if isinstance(most, int) else 100, 100)
                query[name] = wanted
            elif parameter.value.get("required"):
                # What is asked for by a value has to be asked for by the thing's own.
                for own in (thing.record, thing.sent):
                    by = {squashed(key): value for key, value in own.items()} if isinstance(own, dict) else {}
                    if isinstance(by.get(short), (str, int)):
                        query[name] = by[short]
                        break
        return query, wanted

    def _next_page(self, operation, query, answer, count, wanted):
        for parameter in operation.parameters:
            if parameter.value.get("in") != "query":
                continue
            name, schema = parameter.value["name"], self.document.resolve(parameter.child("schema")).value or {}
            short = squashed(name)
            if name in query and short not in PAGE + OFFSET + CURSOR:
                continue
            if short in PAGE and (wanted is None or count >= wanted):
                first = schema.get("minimum", schema.get("default", 1))
                return query | {name: query.get(name, first if isinstance(first, int) else 1) + 1}
            if short in OFFSET and short not in PAGE_SIZE and (wanted is None or count >= wanted):
                return query | {name: query.get(name, 0) + count}
            if short in CURSOR:
                token = cursor_in(answer.body)
                if token:
                    return query | {name: token}
        return None

    # Making things.

    def _bound(self, pair, beside=None, before=False):
        """Values for the parameters of the collection's path: parents that are made, or were there before."""
        path = []
        if before:
            for item in parents(pair.item)[:PARENTS_MAX]:
                found = self._quiet(lambda item=item: self._first(item, path))
                path.append(found if found is not None else self._parent(item, path, None, False))
            return path
        for depth, item in enumerate(parents(pair.item)[:PARENTS_MAX]):
            last = beside is not None and depth == len(parents(pair.item)) - 1
            path.append(self._parent(item, path, beside.path[depth] if beside and not last else None, last))
        return path

    def _parent(self, item, path, given, fresh):
        if given is not None:
            return given
        parent = self.pairs.get(item)
        any_of = ("get", "put", "patch", "delete", "post")
        if parent is None and self.document.find(item[:-3], "get") and self.document.find(item, *any_of):
            parent = pair_at(self.document, item)
        for make in (
            lambda: self._there(parent, path, beside=Thing(path + [None]) if fresh else None) if parent else None,
            lambda: self._elsewhere(item),
        ):
            thing = self._quiet(make)
            if thing:
                return thing.id
        return self._given(item, len(path))

    def _first(self, item, path):
        """The id of the first thing in the list of a path's item."""
        listing = self.document.find(item[:-3], "get")
        if listing is None or not self.document.find(item, "get", "put", "patch", "delete", "post"):
            return None
        return next(iter(self._ids(self.pairs.get(item) or pair_at(self.document, item), listing, path)), None)

    def _elsewhere(self, item):
        """A thing whose own path has no collection, made in a collection of its name that is below another thing."""
        noun = item[:-3].rsplit("/", 1)[-1]
        own = self.document.find(item, "get", "put", "patch", "delete") if item not in self.pairs else None
        if own is None or noun in ("", "{}"):
            return None
        for operation in self.document.operations:
            collection = operation.shape
            if operation.method != "post" or not collection.endswith("}/" + noun) or collection.startswith(item):
                continue
            of = pair_of(self.document, collection, own)
            return self._created(of, operation, self._bound(of), self.document.find(collection, "get"))
        for operation in self.document.operations:
            collection = operation.shape
            if operation.method == "get" and collection.endswith("}/" + noun) and not collection.startswith(item):
                of = pair_of(self.document, collection, own)
                path = self._bound(of, before=True)
                for id in self._ids(of, operation, path):
                    return Thing(path + [id])
        return None

    def _given(self, item, index):
        """A value for a parameter of a path that is no thing of this document: that of a call which was printed, for it
        may be there, or else any that fits."""
        printed = next((path for shape, path in self.printed.items() if (shape + "/").startswith(item + "/")), None)
        if printed:
            return printed[index]
        operation = next((one for one in self.document.operations if (one.shape + "/").startswith(item + "/")), None)
        if operation is None or index >= len(operation.names):
            return self.values.fresh("walker")
        for parameter in operation.parameters:
            if parameter.value.get("in") == "path" and parameter.value.get("name") == operation.names[index]:
                return self.values.parameter(parameter)
        return self.values.fresh(operation.names[index])

    def _there(self, pair, path, beside=None):
        """A thing that is there: made if that is possible, else one of the list."""
        create = self.document.find(pair.collection, "post")
        put = self.document.find(pair.item, "put")
        listing = self.document.find(pair.collection, "get")
        failed = None
        if create is not None:
            try:
                return self._created(pair, create, path, listing)
            except Failed as one:
                failed = one
                if one.answer is None or put is None:
                    raise
        if put is not None and (create is None or failed):
            try:
                return self._put(pair, put, path)
            except Failed as one:
                failed = failed or one
        if listing is not None and create is None:
            answer = self._good(listing, path)
            avoid = beside.id if beside else None
            for one in things(pair, answer.body):
                id = id_in(pair, one) if isinstance(one, dict) else one
                if isinstance(id, (str, int)) and not isinstance(id, bool) and id != avoid and is_own(pair, one):
                    return Thing(path + [id], record=one)
            raise failed or Failed("a thing in the list", answer)
        if failed is None and create is None:
            return Thing(list(self.printed.get(pair.item, path + [self._given(pair.item, len(path))])))
        raise failed

    def _created(self, pair, create, path, listing):
        keep = {pair.id: lambda schema: self._fresh_id(schema)} if pair.id else {}
        # By what the list has to be asked for, the thing has to have.
        self.values.wanted = required_query(listing)
        media, body = self.values.body(create, keep)
        self.values.wanted = set()
        if body is None and create.body:
            self.report.not_made.append(str(create))
            raise Failed("a valid body for " + str(create))
        before = self._ids(pair, listing, path)
        answer = self._good(create, path, body, media)
        id = self._id_of(pair, answer, body)
        if id is None:
            new = [one for one in self._ids(pair, listing, path) if one not in before]
            if len(new) == 1:
                id = new[0]
        if id is None:
            raise Failed("an id in the answer, its Location or the list", answer)
        return Thing(path + [id], body, media, record_in(pair, answer.body))

    def _member(self, pair, put, path):
        """The id of a new thing that is kept elsewhere, where a path only puts such things into a group."""
        if put.body or self.document.find(pair.item, "get"):
            return None
        noun = pair.collection.rsplit("/", 1)[-1]
        for of in self.pairs.values():
            around, own = of.collection.rsplit("/", 1)
            if of is not pair and own == noun and pair.collection.startswith(around + "/"):
                made = self._quiet(lambda of=of, around=around: self._there(of, path[: around.count("{}")]))
                if made:
                    return made.id
        return None

    def _put(self, pair, put, path):
        id = self._member(pair, put, path) or self._fresh_for(pair, put)
        keep = {name: id for name in (pair.id, pair.parameter) if name}
        media, body = self.values.body(put, keep)
        if body is None and put.body:
            raise Failed("a valid body for " + str(put))
        self._good(put, path + [id], body, media)
        return Thing(path + [id], body, media)

    def _fresh_id(self, schema):
        if schema is None:
            return self.values.fresh("walker")
        return self.values.unlike(schema, None)

    def _fresh_for(self, pair, operation):
        for parameter in operation.parameters:
            if parameter.value.get("in") == "path" and parameter.value.get("name") == operation.names[-1]:
                schema = parameter.child("schema")
                made = self.values.unlike(schema, None) if schema else None
                return made if made is not None else self.values.parameter(parameter)
        return self.values.fresh("walker")

    def _id_of(self, pair, answer, sent):
        if pair.chosen and isinstance(sent, dict) and isinstance(sent.get(pair.id), (str, int)):
            return sent[pair.id]
        id = id_in(pair, answer.body)
        if id is None and (place := answer.headers.get("location")):
            last = place.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
            if len(place.rstrip("/").split("/")) > 1 and unquote(last):
                id = unquote(last)
        if id is None and isinstance(sent, dict) and pair.id and isinstance(sent.get(pair.id), (str, int)):
            id = sent[pair.id]
        return id

    def _ids(self, pair, listing, path):
        if listing is None:
            return []
        answer = self.client.call(listing, path)
        found = (id_in(pair, one) if isinstance(one, dict) else one for one in things(pair, answer.body))
        return [one for one in found if isinstance(one, (str, int)) and not isinstance(one, bool)]

    # Deletions that are not of an item in a collection.

    def _deletion(self, operation):
        try:
            outcome, answer = self._gone(operation)
        except Failed as failed:
            outcome, answer = f"refused: expected {failed}", failed.answer
        self.report.deletions[operation.path] = (outcome, answer)

    def _gone(self, delete):
        path = self._path_of(delete)
        read = self.document.find(delete.shape, "get")
        is_item = last_is_parameter(delete.path)
        query, body, media, id, of = self._named(delete, path)
        before = None
        if id is None:
            self._made(delete, path)
            before = self.client.call(read, path) if read else None
        answer = self._good(delete, path, body, media, query)
        if id is not None:
            collection = self.document.find(of.collection, "get")
            if collection and has(of, self.client.call(collection, path).body, id):
                return "kept", answer
            return "gone", answer
        if read:
            after = self.client.call(read, path)
            if after.good and size(None, after.body) and not is_item and is_list(after.body):
                return "kept: still lists", after
            if after.good and not is_list(after.body) and (is_item or before is None or before.text == after.text):
                return "kept: still read", after
        listing = self.document.find(delete.shape[:-3], "get") if is_item and delete.shape.endswith("/{}") else None
        if listing:
            of = pair_at(self.document, delete.shape)
            after = self.client.call(listing, path[:-1])
            if has(of, after.body, path[-1]):
                return "kept: still listed", after
        if is_item and not read and not listing:
            again = self.client.call(delete, path, body=body, media=media, query=query)
            if again.good:
                return "kept: deleted again", again
        return "gone", answer

    def _path_of(self, delete):
        """Values for the whole path of a deletion: things that are there, where they are things of the document."""
        path = []
        if delete.shape in self.printed and not self.document.find(delete.shape, "put", "post"):
            noun = delete.shape[:-3].rsplit("/", 1)[-1]
            if not any(one.shape.endswith("/" + noun) and one.method == "post" for one in self.document.operations):
                # It has no way to be made: only what was there before can be deleted.
                return list(self.printed[delete.shape])
        for item in parents(delete.shape + "/{}"):
            path.append(self._parent(item, path, None, False))
        return path

    def _named(self, delete, path):
        """The id in the query or the body of a deletion, of a thing that is there; or nothing."""
        media, body = self.values.body(delete) if delete.body_required else (None, None)
        collection = delete.shape
        listing = self.document.find(collection, "get")
        names = [
            one.value["name"]
            for one in delete.parameters
            if one.value.get("in") == "query" and one.value.get("required")
        ]
        if last_is_parameter(delete.path) or not (names or isinstance(body, dict)) or not listing:
            return {}, body, media, None, None
        of = (
            pair_at(self.document, collection + "/{}")
            if self.document.find(collection + "/{}", "get", "put", "delete")
            else None
        )
        if of is None:
            noun = next((part for part in reversed(collection.split("/")) if part and part != "{}"), "")
            record = listed(self.document, self.document.success(listing))
            parameter = names[0] if names else next(iter(body), "id")
            of = Pair(
                collection, collection + "/{}", parameter, noun, record, (), id_property(list(record), parameter, noun)
            )
        create = self.document.find(collection, "post", "put")
        id = None
        if create:
            made = self._quiet(lambda: self._created(of, create, path, listing))
            id = made.id if made else None
        if id is None:
            ids = self._ids(of, listing, path)
            id = ids[0] if ids else None
        if id is None:
            return {}, body, media, None, None
        if names:
            return {names[0]: id}, body, media, id, of
        name = next(iter(body), None)
        if name is None:
            return {}, body, media, None, None
        return {}, body | {name: [id] if isinstance(body[name], list) else id}, media, id, of

    def _made(self, delete, path):
        """Makes what is to be deleted, where the document has a way."""
        for method, shape, values in (
            ("put", delete.shape, path),
            ("post", delete.shape, path),
            ("post", delete.shape.rsplit("/", 1)[0], path[:-1] if last_is_parameter(delete.path) else None),
        ):
            operation = self.document.find(shape, method)
            if operation is None or values is None:
                continue
            keep = {operation.names[-1]: path[-1]} if operation.names and path else {}
            media, body = self.values.body(operation, keep)
            if body is not None or not operation.body:
                if self.client.call(operation, values, body=body, media=media).good:
                    return


def pair_of(document, collection, item):
    """The pair of a collection and an item whose path is not below it."""
    own = pair_at(document, item.shape)
    return Pair(collection, collection + "/{}", own.parameter, own.noun, own.record, own.envelope, own.id)


def required_query(operation):
    """The names of the parameters that a list cannot do without."""
    query = [one.value for one in operation.parameters if one.value.get("in") == "query"] if operation else []
    return {squashed(parameter["name"]) for parameter in query if parameter.get("required")}


def is_own(pair, one):
    return not isinstance(one, dict) or pair.id is None or pair.id in one or "attributes" in one


def is_list(body, depth=0):
    if isinstance(body, dict) and depth < 3:
        return any(is_list(one, depth + 1) for one in body.values())
    return isinstance(body, list)


def patched(body, media):
    if media and "json-patch" in media:
        return {one["path"][1:]: one["value"] for one in body}
    return body


def same(one, other):
    if isinstance(one, str) and isinstance(other, str):
        return one == other or one.replace("+00:00", "Z") == other.replace("+00:00", "Z")
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def cursor_in(body, depth=0):
    """The token of the next page that an answer has."""
    if not isinstance(body, dict) or depth > 2:
        return None
    for name, value in body.items():
        if "next" in squashed(name) or squashed(name) in ("cursor", "after"):
            if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
                return value
    for value in body.values():
        if token := cursor_in(value, depth + 1):
            return token
    return None
