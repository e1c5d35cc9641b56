"""When recurring work is due: the rules of recurrence and of what was missed, pure and without a clock."""
