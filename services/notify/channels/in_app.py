"""The in-app inbox: the notice itself is the delivery, so it has arrived the moment it is written."""

NAME = "in_app"
