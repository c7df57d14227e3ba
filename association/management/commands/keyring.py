from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from association import encryption


class Command(BaseCommand):
    help = "Keys of the sealed columns: --make a file, --add a newer key, --reseal old values."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--make", action="store_true", help="make the file if there is none")
        what.add_argument("--add", action="store_true", help="put a new sealing key on top")
        what.add_argument("--reseal", action="store_true", help="seal all values with the new key")

    def handle(self, *, make, add, reseal, **options):
        path, now = Path(settings.KEYRING), timezone.now()
        name = f"{now:%Y%m%dT%H%M%S}"
        if make:
            made = encryption.make(path, name)
            self.stdout.write(
                f"密钥文件已写入 {path}，请另存一份，不要和数据库备份放在一起。"
                if made
                else f"{path} 已经有了，没有改动。"
            )
            return
        if not path.exists():
            raise CommandError(f"{path} 还没有。请先运行 ./portal manage keyring --make。")
        if add:
            encryption.add_seal_key(path, name)
            self.stdout.write(f"新密钥 {name} 已启用。接着运行 ./portal manage keyring --reseal。")
            return
        if reseal:
            self.stdout.write(f"用新密钥重封 {encryption.reseal(by=None, now=now)} 个值。")
        for key, count in encryption.sealed_by_key().items():
            self.stdout.write(f"{key}：{count} 个值")
        self.stdout.write(f"正在使用：{encryption.ring().current}")
