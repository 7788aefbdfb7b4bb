"""What authors work with: tests, advice, publishing, comparing. Nothing here takes part in a decision.

inspect.py     a book as its author sees it: every problem, every file, what comments allow
lint.py        advice on a book that is right
suppress.py    comments that allow a problem
formats.py     reports of problems: text with carets, JSON, SARIF, GitHub, JUnit
edits.py       small edits of YAML text that keep comments and layout, and writes that are whole or not at all
publish.py     check, test, then freeze a draft
scaffold.py    a book to start with, the next version of a policy
sides.py       what `diff` compares: versions, files, git revisions
diff.py        what changed in meaning
cases.py       the authors' cases; runner.py, coverage.py and mutants.py work with them
"""
