"""Lists, single and combined requests, and their reviews, as pure functions of facts and time. Nothing is stored.

desk       what the engine lends: reading, deciding, deciding again with the sums of a request
selecting  rows to cases: whose they are, each once, submitted when
groups     what goes together or not at all
summing    the sums that reviews of the whole request look at
order      the single or combined order, with totals
placing    a request: from rows and a reason to an order, or every reason why not
status     what has become of an order: reviewers' words and a time
listing    resources as allowed or not allowed, with search and filters
methods    the three as methods of the engine
"""
