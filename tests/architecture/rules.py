"""The rules of the house as plain functions over source text: each returns what offends it.

``test_house_rules.py`` holds the code against them, ``test_rules_bite.py`` shows that each one
fails when it is broken.
"""

import ast
import re
from collections.abc import Callable, Iterator

HAN = r"\u3400-\u9fff"
# Half-width marks that touch a Chinese character; 08:30前 and 1.5倍 are no such marks.
HALF_WIDTH = re.compile(
    rf"[{HAN}”’）》]\s?[,;!?](?!\w*=)|[{HAN}”’）》]:(?!//)|[{HAN}]\.(?!\w)|[{HAN}]\(|\([{HAN}]"
    rf"|[{HAN}]\)|\)[{HAN}]|[,;:!?][{HAN}]"
)

# What gives a query set its sight: the person who asks, the public, or nobody.
SIGHT = {"visible_to", "held_by", "public", "none"}

CLOCKS = {
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("timezone", "localtime"),
    ("date", "today"),
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("time", "time"),
}


def unscoped_objects(source: str, *, scoped: set[str]) -> list[str]:
    """``Model.objects`` of a model in ``scoped`` without sight (``visible_to`` …) in its chain."""
    tree = ast.parse(source)
    inner = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    inner |= {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = []
    for node in ast.walk(tree):
        if node in inner or not isinstance(node, ast.Attribute | ast.Call):
            continue
        names = list(_chain(node))
        if "objects" not in names[1:]:
            continue
        place = names.index("objects")
        if names[place - 1] in scoped | {"get_user_model", "related_model"} and not SIGHT & set(
            names[place:]
        ):
            found.append(".".join(names[place - 1 : place + 2]))
    return found


def _chain(node: ast.AST) -> Iterator[str]:
    """Yield the names of ``A.b.c()`` from the left."""
    if isinstance(node, ast.Call):
        yield from _chain(node.func)
    elif isinstance(node, ast.Attribute):
        yield from _chain(node.value)
        yield node.attr
    elif isinstance(node, ast.Name):
        yield node.id


def clock_reads(source: str) -> list[str]:
    """Calls that read the clock; ``timezone.localdate(now)`` only turns a moment into a day."""
    return [
        f"{node.func.value.id}.{node.func.attr}()"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in CLOCKS
        and not node.args
    ]


def requests_taken(source: str) -> list[str]:
    """Functions with an argument called ``request``."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        and any(arg.arg == "request" for arg in (*node.args.args, *node.args.kwonlyargs))
    ]


def superuser_shortcuts(source: str) -> list[str]:
    """Authority that does not come from a role."""
    return [
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in {"is_superuser", "is_staff"}
    ]


def hidden_effects(source: str) -> list[str]:
    """Signals and generic foreign keys: what happens or points where nobody can see it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(
            ("dispatch", "signals", "contenttypes.fields")
        ):
            found.append(f"from {node.module} import …")
        elif isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in {"GenericForeignKey", "GenericRelation", "receiver"}:
                found.append(name)
    return found


def celery_calls(source: str) -> list[str]:
    """Tasks sent past the job table."""
    names = {"delay", "apply_async", "delay_on_commit"}
    return [
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in names
    ]


def states_set(source: str) -> list[str]:
    """Assignments to ``.state`` and ``update(state=…)``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign):
            targets = [
                part
                for target in node.targets
                for part in (target.elts if isinstance(target, ast.Tuple) else [target])
            ]
            found += [
                ast.unparse(target)
                for target in targets
                if isinstance(target, ast.Attribute) and target.attr == "state"
            ]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "update"
        ):
            found += ["update(state=…)" for word in node.keywords if word.arg == "state"]
    return found


def writes(source: str) -> list[str]:
    """Calls of the ORM that change or lock rows."""
    names = {
        "save",
        "create",
        "delete",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
        "select_for_update",
    }
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            chain = list(_chain(node.func))
            is_update = node.func.attr == "update" and "objects" in chain
            if node.func.attr in names or is_update:
                found.append(".".join(chain))
    return found


# ------------------------------------------------------------------ Chinese marks


def half_width_in_code(source: str) -> list[str]:
    """Half-width marks beside Chinese characters in the strings of a Python file."""
    tree = ast.parse(source)
    skipped = _documentation(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(value) for value in node.values}
            text = "".join(
                value.value if isinstance(value, ast.Constant) else "\x00" for value in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if id(node) not in skipped and not _is_pattern(text):
            found += [match.group() for match in HALF_WIDTH.finditer(text)]
    return found


def _documentation(tree: ast.AST) -> set[int]:
    """Docstrings speak to us, not to users."""
    owners = ast.Module | ast.ClassDef | ast.FunctionDef
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, owners) and node.body and isinstance(node.body[0], ast.Expr)
    }


def _is_pattern(text: str) -> bool:
    """A regular expression has marks of its own."""
    return any(sign in text for sign in ("(?", "\\d", "\\s", "[^", ")?", "\\w"))


NOT_TEXT = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<!--.*?-->", re.DOTALL)
COMMENT = re.compile(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", re.DOTALL)
STRING_IN_TAG = re.compile(r"\{[%{].*?[%}]\}", re.DOTALL)


def half_width_in_template(source: str) -> list[str]:
    """Half-width marks beside Chinese characters in a template: its text and its tags' words."""
    source = COMMENT.sub("", source)
    words = [
        word for tag in STRING_IN_TAG.findall(source) for word in re.findall(r'"([^"]*)"', tag)
    ]
    text = NOT_TEXT.sub("\x00", source)
    text = re.sub(r"<(?!input|img|option)[^>]*>", "\x00", text)
    return [match.group() for part in (*words, text) for match in HALF_WIDTH.finditer(part)]


# ------------------------------------------------------------------ templates


def inline_code(source: str, *, is_paper: bool = False) -> list[str]:
    """What our content security policy would stop; papers never meet a browser."""
    source = COMMENT.sub("", source)
    rules = {
        "script": r"<script(?![^>]*\bsrc=)",
        "handler": r"\son\w+\s*=\s*[\"']",
        "javascript:": r"javascript:",
    }
    if not is_paper:
        rules |= {"style=": r"\sstyle\s*=", "<style>": r"<style"}
    return [name for name, pattern in rules.items() if re.search(pattern, source)]


def foreign_addresses(source: str) -> list[str]:
    """Addresses of other hosts that a page would load or lead to."""
    source = COMMENT.sub("", source).replace("http://www.w3.org/", "")
    return re.findall(
        r"(?:src|href|action|poster|data|srcset)\s*=\s*[\"']((?:https?:)?//[^\"']+)", source
    )


def templates_named(source: str) -> set[str]:
    """Every template name that a Python file or a template writes out."""
    return set(re.findall(r"[\"']([\w/.-]+\.(?:html|txt))[\"']", source))


# ------------------------------------------------------------------ guards, tables, modules


def wrong_guards(guards: list[str], methods: tuple[str, ...]) -> list[str]:
    """Why a view's decorators are not enough."""
    found = [] if len(guards) == 1 else [f"guards: {guards or 'none'}"]
    if not methods:
        return [*found, "no require_safe, require_POST or require_http_methods"]
    if not set(methods) <= {"GET", "HEAD", "POST"}:
        found.append(f"methods: {methods}")
    return found


def unreachable_states(workflow) -> set:
    """States of a table to which no act leads."""
    reached, frontier = set(), {workflow.initial}
    while frontier:
        reached |= frontier
        frontier = {
            workflow.after(state, act) for state in frontier for act in workflow.acts_from(state)
        } - reached
    return set(workflow.labels) - reached


def imports_of(source: str) -> set[str]:
    """The modules that a file imports at its top, as dotted names."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def pure_modules(sources: dict[str, str], *, frameworks: tuple[str, ...]) -> set[str]:
    """The modules that reach no framework, neither themselves nor through each other."""
    tainted: set[str] = set()
    while True:
        new = {
            name
            for name, source in sources.items()
            if name not in tainted and _touches(imports_of(source), tainted, frameworks)
        }
        if not new:
            return set(sources) - tainted
        tainted |= new


def _touches(imports: set[str], tainted: set[str], frameworks: tuple[str, ...]) -> bool:
    return any(name.partition(".")[0] in frameworks or name in tainted for name in imports)


def bad_file_name(name: str) -> bool:
    """A file with no better name has not been understood yet."""
    return name.removesuffix(".py") in {
        "utils",
        "helpers",
        "common",
        "base",
        "constants",
        "mixins",
        "misc",
        "services",
        "selectors",
        "signals",
    }


Rule = Callable[[str], list[str]]
