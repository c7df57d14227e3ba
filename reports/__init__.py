"""What reads every room: workbench, cockpit, public pages. It writes nothing of theirs."""
