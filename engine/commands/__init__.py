"""The verbs of the command line, one module each, and what they share.

common.py      options, exit statuses, how errors are shown
reading.py     files of facts: one case or many
json_syntax.py what is no JSON in a text, and whether it nests too deep
placing.py     where in a JSON text everything stands, looked up only for errors
progress.py    the bar on a terminal
text.py        a decision for people
wording.py     conditions in English
describe.py    a version as plain data made of English phrases
sheet.py       that data as text
"""
