"""What a server is told from outside: one list, and nothing beside it."""

import ast
import itertools
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# Of the container alone: the servers' own names, and what the compose file fixes.
OF_THE_CONTAINER = {
    "PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "REDISCLI_AUTH",
    "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS",
}  # fmt: skip
OF_THE_COMPOSE_FILE = {"SITE_ADDRESS", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}


def example_lines() -> dict[str, str]:
    """Return name → the line of meaning above it."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    names = {}
    for above, line in itertools.pairwise(lines):
        if found := re.match(r"#?([A-Z][A-Z_]+)=", line):
            names[found[1]] = above
    return names


def read_by_code() -> dict[str, str | None]:
    """Return name → default of every variable that the settings and gunicorn's file read."""
    found = {}
    for file in ("association/settings.py", "gunicorn.conf.py"):
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            if ast.unparse(node.func) in {"env", "env_bool", "env_count", "os.environ.get"}:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    rest = node.args[1:]
                    default = rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
                    found[first.value] = default
    return found


def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_the_example_names_what_the_code_and_the_compose_file_read_and_nothing_else():
    assert set(example_lines()) == set(read_by_code()) | OF_THE_COMPOSE_FILE


def test_each_name_of_the_example_has_a_line_of_meaning_in_chinese():
    without = [n for n, above in example_lines().items() if not re.match("# .*[一-龥]", above)]
    assert without == []


def test_the_defaults_of_the_example_are_those_of_the_code():
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^#([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE))
    wrong = {
        name: (stated[name], default)
        for name, default in read_by_code().items()
        if name in stated and default is not None and stated[name] != default
    }
    assert wrong == {}


def test_the_compose_file_asks_only_for_names_of_the_example():
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) - set(example_lines()) == set()


@pytest.mark.parametrize("service", ["web", "worker", "beat", "migrate"])
def test_what_the_compose_file_tells_a_program_is_read_by_it(service):
    told = set(compose()["services"][service]["environment"])
    assert told - set(read_by_code()) == set()


def test_the_dockerfile_sets_only_names_that_exist():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = set(re.findall(r"\b([A-Z][A-Z_]+)=", text))
    assert named - set(read_by_code()) - OF_THE_CONTAINER == set()


def test_the_other_services_are_told_only_what_they_know():
    services = compose()["services"]
    told = {name for one in ("proxy", "db", "redis") for name in services[one]["environment"]}
    assert told == {"SITE_ADDRESS", "POSTGRES_PASSWORD"} | (
        OF_THE_CONTAINER & {"REDISCLI_AUTH", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS"}
    )


def test_every_service_has_a_health_check_and_only_the_proxy_a_port():
    services = compose()["services"]
    without = [n for n, s in services.items() if "healthcheck" not in s and n != "web"]
    assert without == []
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_the_servers_are_of_the_major_that_the_demo_runs():
    services = compose()["services"]
    launcher = (ROOT / "launcher" / "servers.py").read_text(encoding="utf-8")
    major = re.search(r"^POSTGRES_MAJOR = (\d+)$", launcher, re.MULTILINE)[1]
    assert services["db"]["image"] == f"postgres:{major}"


def test_every_room_gets_into_the_image():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rooms = [app for app in settings.INSTALLED_APPS if (ROOT / app).is_dir()]
    assert [room for room in [*rooms, "templates", "static"] if f"!{room}" not in ignored] == []
