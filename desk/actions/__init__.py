"""What people do at the desk: one function, one act, one transaction, one audit line."""

from desk.actions.channels import (
    ChannelNotReadyError,
    choose_channels,
    save_channel,
    stop_channel,
    try_channel,
)
from desk.actions.deliveries import (
    NotHeldError,
    NotParkedError,
    drop,
    release,
    retry_delivery,
    retry_parked,
)
from desk.actions.filters import FilterRefusedError, drop_filter, save_filter
from desk.actions.office import (
    EDITABLE,
    SetUpOpenError,
    SourceMissingError,
    WrongPatternError,
    finish_set_up,
    import_working_days,
    read,
    read_all,
    save_profile,
)
from desk.actions.reminders import EDITABLE as RULE_FIELDS
from desk.actions.reminders import RuleRefusedError, run_reminders, save_rule

__all__ = [
    "EDITABLE",
    "RULE_FIELDS",
    "ChannelNotReadyError",
    "FilterRefusedError",
    "NotHeldError",
    "NotParkedError",
    "RuleRefusedError",
    "SetUpOpenError",
    "SourceMissingError",
    "WrongPatternError",
    "choose_channels",
    "drop",
    "drop_filter",
    "finish_set_up",
    "import_working_days",
    "read",
    "read_all",
    "release",
    "retry_delivery",
    "retry_parked",
    "run_reminders",
    "save_channel",
    "save_filter",
    "save_profile",
    "save_rule",
    "stop_channel",
    "try_channel",
]
