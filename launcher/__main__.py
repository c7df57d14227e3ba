"""``./portal COMMAND``: one word, one thing."""

import sys
from collections.abc import Callable

from launcher import demo, development
from launcher.screen import RefusedError, complain, say, sentence_for

COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "demo": (demo.main, "启动整个门户：--port 端口  --reset 清空  --data 文件夹  --shops 药店数"),
    "test": (development.test, "运行测试（后面可以跟 pytest 的参数）"),
    "check": (development.check, "检查代码、类型、模板、数据表和生产设置"),
    "fix": (development.fix, "自动改正格式"),
    "bench": (development.bench, "测速：名称…  --size 规模"),
    "trust": (development.trust, "可靠性数字：名称…"),
    "manage": (development.manage, "Django 的管理命令"),
}


def main(arguments: list[str]) -> int:
    name = arguments[0] if arguments else "help"
    if name not in COMMANDS:
        asked_for_help = name in ("help", "-h", "--help")
        if not asked_for_help:
            complain(f"没有“{name}”这个命令。")
        usage()
        return 0 if asked_for_help else 2
    try:
        return COMMANDS[name][0](arguments[1:])
    except RefusedError as refused:
        complain(str(refused))
    except OSError as problem:
        complain(sentence_for(problem))
    except KeyboardInterrupt:
        say()
        return 130
    return 1


def usage() -> None:
    say("用法：./portal 命令")
    for name, (_, words) in COMMANDS.items():
        say(f"  {name:<8}{words}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
