"""The closed table of problem codes; `docs/problems.md` explains each. A code is never reused for another meaning."""

from __future__ import annotations

from enum import StrEnum

from rescind.problems.frozen_records import frozen

__all__ = ["CODES", "RETIRED", "Code", "Severity"]


class Severity(StrEnum):
    """How much a problem weighs: errors stop a book or a case, warnings and advice do not."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


@frozen
class Code:
    """One row of the code table."""

    severity: Severity
    title: str


def _table(severity: Severity, rows: dict[str, str]) -> dict[str, Code]:
    return {code: Code(severity, title) for code, title in rows.items()}


CODES: dict[str, Code] = {
    # Reading: text to data (`source/`).
    **_table(
        Severity.ERROR,
        {
            "R0001": "a file cannot be read",
            "R0002": "a file, or a text in it, is too large",
            "R0003": "a file is not UTF-8",
            "R0004": "the YAML cannot be parsed",
            "R0005": "a tab stands where only spaces may",
            "R0006": "a key appears twice in one mapping",
            "R0007": "an anchor, alias or merge key is used",
            "R0008": "a tag or a directive is used",
            "R0009": "a file holds several documents",
            "R0010": "a file is empty",
            "R0011": "a plain word that YAML 1.1 reads as something else",
            "R0012": "a plain number in a notation that surprises",
            "R0013": "a key is not a plain text",
            "R0014": "the nesting is too deep",
            "R0015": "a control character or other unusual character",
        },
    ),
    # Shape: data against the JSON Schemas (`shape/`).
    **_table(
        Severity.ERROR,
        {
            "R0100": "the file is of another kind",
            "R0101": "an unknown key",
            "R0102": "a missing key",
            "R0103": "a value of the wrong type",
            "R0104": "a value that is not one of those allowed",
            "R0105": "a value in the wrong form",
            "R0106": "too few or too many items",
            "R0107": "keys that exclude each other",
            "R0108": "an item appears twice",
            "R0199": "a shape that the parser does not understand",
        },
    ),
    # Meaning: names, types and units (`book/`).
    **_table(
        Severity.ERROR,
        {
            "R0201": "a name that is neither a fact nor a value",
            "R0202": "an id that appears twice",
            "R0203": "a literal that does not fit the fact",
            "R0204": "an operator that does not fit the fact",
            "R0205": "two facts that cannot be compared",
            "R0206": "a list or range that makes no sense",
            "R0207": "currencies compared without a rate",
            "R0210": "a currency that ISO 4217 does not know",
            "R0211": "a default or an example that does not fit the fact",
            "R0212": "more decimals than the currency has",
            "R0220": "a name that is a word of the language",
            "R0221": "a value name that is taken",
            "R0222": "values that use each other in a circle",
            "R0223": "rows that yield different types",
            "R0224": "rows or terms that are never reached",
            "R0225": "a row with the wrong number of cells",
            "R0226": "a fact of the wrong type in this place",
            "R0227": "an include that names what is not there",
            "R0228": "deductions that nothing is taken from",
        },
    ),
    **_table(
        Severity.WARNING,
        {
            "R0230": "a test for presence that says nothing",
            "R0231": "cases that no row or terms cover",
            "R0232": "an instrument that the terms do not name",
            "R0233": "an approval by timeout without a time limit",
            "R0241": "an amount that may be meant in thousands",
        },
    ),
    # The book: files, versions and times (`book/`).
    **_table(
        Severity.ERROR,
        {
            "R0301": "a file that is not there",
            "R0302": "an unknown time zone",
            "R0303": "a date or time that cannot be read",
            "R0304": "a version file of another policy or version",
            "R0305": "versions that overlap or are out of order",
            "R0306": "a policy that hands over to nowhere or in a circle",
            "R0307": "a frozen version that was changed",
            "R0308": "a draft that is in force where only frozen versions may be",
            "R0309": "a calendar of a country that is not known",
            "R0310": "a published version that was moved",
            "R0311": "a published version that is gone",
            "R0312": "a published version with another digest",
            "R0313": "published policies that are tried otherwise",
            "R0314": "a kept day of a calendar that was changed",
        },
    ),
    **_table(
        Severity.WARNING,
        {
            "R0330": "a gap between versions",
            "R0331": "a fact that no policy reads",
            "R0332": "a blocker that is silent about absence",
            "R0333": "a policy that is never tried",
            "R0334": "a value that nothing reads",
            "R0335": "a digest of the first form",
            "R0336": "a frozen version that the lock does not hold",
            "R0337": "a draft that is left out until it begins",
        },
    ),
    # Bounds of the rules engine (`matching/`).
    **_table(
        Severity.ERROR,
        {
            "R0401": "a number with too many digits to compare exactly",
            "R0402": "more rules than a version may have",
        },
    ),
    # Formulas (`formula/`).
    **_table(
        Severity.ERROR,
        {
            "R0500": "a formula that is too long, too deep or has too many parts",
            "R0501": "a character, number or text that formulas do not have",
            "R0502": "a formula that is not put together rightly",
            "R0503": "a name in a formula that is neither a fact nor a value",
            "R0504": "an unknown function",
            "R0505": "too few or too many arguments",
            "R0506": "an operator that does not fit its operands",
            "R0507": "a comparison across types",
            "R0508": "amounts in different currencies",
            "R0509": "calendar durations mixed with exact ones",
            "R0510": "a choice that does not exist",
            "R0511": "an argument of the wrong type",
            "R0512": "an argument that has to be one of a closed list, in quotes",
            "R0513": "a number, amount, date, time or duration that does not exist",
            "R0514": "a formula that yields another type than expected",
            "R0515": "`each` outside of a list function, or an unknown field",
            "R0516": "outcomes of a condition that differ in type",
            "R0517": "a division by zero, a step or bounds that can never work",
            "R0518": "a list function inside another one",
            "R0519": "a question about absence of what is not a name",
            "R0520": "a sum of money without a currency",
            "R0521": "a conversion without the fact `rates`",
        },
    ),
    **_table(
        Severity.ADVICE,
        {"R0540": "an optional fact that a formula uses as if it were always there"},
    ),
    **_table(
        Severity.WARNING,
        {
            "R0541": "a question about the absence of what is never absent",
        },
    ),
    # Advice on books that are right (`authoring/lint.py`).
    **_table(
        Severity.ADVICE,
        {
            "R0601": "a blocker without a remedy",
            "R0602": "a review that approves on timeout without a reason",
            "R0603": "a threshold in another currency than the book's",
            "R0604": "a message that repeats another",
            "R0605": "two rules with the same condition",
            "R0606": "days counted without a time zone",
            "R0607": "a version that no case tries",
        },
    ),
    # Comments that allow a problem (`authoring/allowed_warnings.py`).
    **_table(
        Severity.WARNING,
        {
            "R0620": "a comment for rescind without a code or a reason",
            "R0621": "a comment that allows what cannot be allowed",
            "R0622": "a comment that allows what does not occur",
        },
    ),
    # The authors' verbs: init, new, publish, diff (`authoring/`).
    **_table(
        Severity.ERROR,
        {
            "R0650": "a version that cannot be published yet",
            "R0651": "a frozen version that was changed and cannot be published again",
            "R0653": "a file that cannot be edited safely",
            "R0654": "a version or file that is there already",
            "R0655": "a folder that is not empty",
            "R0656": "a revision or file that git cannot give",
            "R0657": "two sides that cannot be compared",
            "R0658": "a folder that no book stands in or above",
            "R0659": "the shipped book, which is not written",
        },
    ),
    # The authors' cases (`authoring/`).
    **_table(
        Severity.ERROR,
        {
            "R0700": "a suite of a policy or version that the book does not have",
            "R0701": "a case without a time",
            "R0702": "a row with the wrong number of cells",
            "R0703": "an expectation that contradicts itself",
            "R0704": "a column that is neither a fact nor a part of what is expected",
            "R0705": "two cases of one name",
            "R0706": "no case to run",
            "R0707": "an expected amount, time or number that cannot be read",
            "R0710": "a case that comes out otherwise than expected",
            "R0711": "less coverage than asked for",
            "R0712": "a mutant that no case tells from the policy",
            "R0713": "an equivalent mutant that is none",
        },
    ),
    # Facts: one case (`deciding/`).
    **_table(
        Severity.ERROR,
        {
            "R0901": "a missing fact",
            "R0902": "an unknown fact",
            "R0903": "a value that does not fit the fact",
            "R0904": "facts that contradict the evaluation time",
            "R0905": "no version is in force at that time",
            "R0906": "an unknown policy or version",
            "R0907": "a currency without a rate",
            "R0908": "a formula without a value",
            "R0909": "a case that the policy does not cover",
            "R0910": "JSON that cannot be parsed",
            "R0911": "a JSON number that cannot be read exactly",
            "R0912": "CSV that cannot be read",
            "R0990": "the engine cannot go on with this input",
            "R0991": "a rules engine that does not load",
            "R0992": "more problems than are told one by one",
            "R0999": "an error in rescind itself",
        },
    ),
    # Requests, lists and the words of reviewers (`requests/`).
    **_table(
        Severity.ERROR,
        {
            "R1001": "a request without a resource",
            "R1002": "a resource that stands in a request twice",
            "R1003": "several accounts in one request",
            "R1004": "a case that does not say what it is about",
            "R1005": "a missing reason",
            "R1006": "a reason that the policies do not list",
            "R1007": "submission times or reasons that differ in one request",
            "R1008": "a resource that cannot be cancelled, in a request for all or nothing",
            "R1009": "a request of which nothing is left",
            "R1010": "a number in the wrong form",
            "R1011": "an id with a character that cannot be seen",
            "R1012": "ids in letters that can look alike",
            "R1013": "a counter that several lines of a request would draw from",
            "R1014": "an argument of another type",
            "R1020": "a filter that cannot be used here",
            "R1030": "a file that is not an order",
            "R1031": "an order that was only previewed",
            "R1032": "a line that the order does not have",
            "R1033": "a word in the wrong form",
            "R1034": "a word of someone who is not asked",
            "R1035": "a second word of the same reviewer",
            "R1036": "a word from before the submission",
            "R1037": "a word that comes too late",
            "R1038": "an evaluation time before the submission",
            "R1039": "an order that was changed",
            "R1040": "an order that is decided otherwise now",
        },
    ),
}

# Codes that are raised no more, and what became of them. Their numbers are given to no other problem.
RETIRED: dict[str, str] = {
    "R0652": "a draft that is in force; it is R0308 now, in `check` as where a book is loaded",
}
