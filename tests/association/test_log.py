import json
import logging
import logging.config

import pytest

from association.log import logging_settings, masked


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("phone 13812345678 typed", "phone 138****5678 typed"),
        ("+8613812345678", "+8613812345678"),
        ("serial 138123456789", "serial 138123456789"),
        ("11010519491231002X", "110105********002X"),
        ("Not Found: /s/Yk3b9aQw71mZx0Pv/", "Not Found: /s/…/"),
        ("/accounts/join/MTI:1tXyz9:abcdefghijklmnop", "/accounts/join/…"),
        ("/members/shops/12/", "/members/shops/12/"),
    ],
    ids=["mobile", "longer run", "no mobile", "ID number", "token", "signed token", "plain path"],
)
def test_a_line_names_nobody_and_opens_nothing(written, kept):
    assert masked(written) == kept


def test_a_line_for_a_machine_is_one_json_object_with_everything_it_was_given(capsys):
    settings = logging_settings(style="json", level="INFO")
    settings["loggers"] = {"portal.test": {"handlers": ["console"], "propagate": False}}
    del settings["root"]
    logging.config.dictConfig(settings)

    logging.getLogger("portal.test").warning("%s sent", "13812345678", extra={"status": 503})

    line = json.loads(capsys.readouterr().err)
    assert line.pop("timestamp")
    assert line == {
        "event": "138****5678 sent", "level": "warning", "logger": "portal.test", "status": 503,
    }  # fmt: skip
