"""Service levels as pure arithmetic: calendars, policies, and clocks computed from a ticket's history."""
