"""What this unit's exercises share: its name."""

UNIT = "11_speed"
