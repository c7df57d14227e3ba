"""The shared desk: inbox, jobs, working days, sub-districts, the association itself."""
