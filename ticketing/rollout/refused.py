"""What the plan's actions say when something can't be done."""


class PlanRefused(Exception):
    """What was asked for doesn't fit the plan; the text is for the user, in Danish, with what to do."""
