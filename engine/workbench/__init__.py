"""The authors' workbench. Nothing here takes part in a decision.

Cases beside the policies, how much of the policies they try, and what they would miss:

cases.py         suites: YAML to cases, each with its facts, clock and expectation
expectations.py  what a case expects, and the reading of it
compare.py       a decision against an expectation: differences
runner.py        suites found, cases decided
truth.py         conditions evaluated in Python, leaf by leaf, beside the rules engine
coverage.py      which rules were true in some case and false in another, which limits tried below, at and above
mutations.py     small changes of a version that its cases should notice; rewording.py makes those of formulas
mutants.py       the changes that no case notices; examples.py suggests cases
bless.py         expectations rewritten to what is found now
report_*.py      all of that as text, JSON, JUnit and HTML

And what else authors do: look at a book, freeze a version, start the next, see what changed.

inspect.py       a book as its author sees it: every problem, less what comments allow
lint.py          advice on a book that is right
suppress.py      comments that allow a problem
formats.py       reports of problems: text with carets, JSON, SARIF, GitHub, JUnit
edits.py         small edits of YAML text that keep comments and layout, and writes that are whole or not at all
publish.py       check, test, then freeze a draft
scaffold.py      a book to start with, and the next version of a policy
sides.py         what `diff` compares: versions, files, books, also of git revisions
changes.py       what changed between two conditions, formulas or tables
diff/            what changed between two versions or books
replay.py        the authors' cases decided by both sides
"""
