"""Lists, single and combined requests, and what becomes of them, as pure functions of facts and time."""
