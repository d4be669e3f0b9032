"""Our defaults, once: each construct is one thing that every service needs in the same form."""
