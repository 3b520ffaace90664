"""The language's words as a person is told them: how each is written, and what it does, in a line."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "fields": ("fields FIELD [as NAME], …", "values to show, and to go on with"),
    "filter": ("filter CONDITION", "only events of which this is true"),
    "stats": ("stats AGGREGATION, … by FIELD or bin(5m)", "one row per group, with figures"),
    "sort": ("sort FIELD [asc|desc], …", "the order of the rows"),
    "limit": ("limit ROWS", "at most so many rows: 10,000 without it"),
    "display": ("display FIELD, …", "only these columns, in place of earlier ones"),
    "parse": ('parse FIELD "glob * text" as NAME', "fields out of a text, by a glob or /regular (?<name>…)/"),
    "dedup": ("dedup FIELD, …", "the first row of each value"),
    "pattern": ("pattern FIELD", "what kinds of lines there are"),
    "diff": ("diff [previousDay|previousWeek|previousMonth]", "patterns against an earlier time; behind pattern"),
    "unnest": ("unnest LIST into NAME", "a row per item of a list"),
    "filterIndex": ("filterIndex FIELD = VALUE", "a filter that an index answers"),
    "unmask": ("unmask FIELD", "what a data protection policy masks"),
    "SOURCE": ('SOURCE "GROUP" or logGroups(namePrefix: ["…"])', "which log groups, in the query itself"),
}
"""By name: how it is written, what it does."""

FUNCTIONS: Final[dict[str, tuple[str, str]]] = {
    "abs": ("abs(a)", "the absolute value"),
    "ceil": ("ceil(a)", "rounded up"),
    "floor": ("floor(a)", "rounded down"),
    "greatest": ("greatest(a, …)", "the largest of its arguments"),
    "least": ("least(a, …)", "the smallest of its arguments"),
    "log": ("log(a)", "the natural logarithm"),
    "sqrt": ("sqrt(a)", "the square root"),
    "ispresent": ("ispresent(field)", "whether the event has the field"),
    "coalesce": ("coalesce(a, …)", "the first that is there"),
    "if": ("if(condition, a, b)", "one of two values"),
    "case": ("case(condition, a, …, otherwise)", "the value of the first condition that is true"),
    "jsonParse": ("jsonParse(text)", "a text as JSON, to go into with dots"),
    "jsonStringify": ("jsonStringify(a)", "JSON as a text"),
    "isempty": ("isempty(text)", "whether it is missing or empty"),
    "isblank": ("isblank(text)", "whether it is missing, empty or only space"),
    "concat": ("concat(a, …)", "texts joined"),
    "ltrim": ("ltrim(text[, characters])", "without what it begins with"),
    "rtrim": ("rtrim(text[, characters])", "without what it ends with"),
    "trim": ("trim(text[, characters])", "without either"),
    "strlen": ("strlen(text)", "its length in characters"),
    "toupper": ("toupper(text)", "in capitals"),
    "tolower": ("tolower(text)", "in small letters"),
    "substr": ("substr(text, from[, length])", "a part of it; the first character is 0"),
    "replace": ("replace(text, what, with)", "every occurrence replaced"),
    "strcontains": ("strcontains(text, what)", "1 where it holds the other, else 0"),
    "bin": ("bin(5m)", "the time, rounded down to a period"),
    "datefloor": ("datefloor(time, 1h)", "a time, rounded down"),
    "dateceil": ("dateceil(time, 1h)", "a time, rounded up"),
    "fromMillis": ("fromMillis(number)", "milliseconds as a time"),
    "toMillis": ("toMillis(time)", "a time as milliseconds"),
    "now": ("now()", "the time now, in seconds"),
    "isValidIp": ("isValidIp(text)", "whether it is an address"),
    "isValidIpv4": ("isValidIpv4(text)", "whether it is an IPv4 address"),
    "isValidIpv6": ("isValidIpv6(text)", "whether it is an IPv6 address"),
    "isIpInSubnet": ('isIpInSubnet(text, "10.0.0.0/8")', "whether an address is in a subnet"),
    "isIpv4InSubnet": ('isIpv4InSubnet(text, "10.0.0.0/8")', "whether an IPv4 address is in a subnet"),
    "isIpv6InSubnet": ('isIpv6InSubnet(text, "2001:db8::/32")', "whether an IPv6 address is in a subnet"),
}
"""By name, as AWS writes it: how it is called, what it gives."""

AGGREGATIONS: Final[dict[str, tuple[str, str]]] = {
    "count": ("count(*) or count(field)", "how many"),
    "avg": ("avg(field)", "the mean"),
    "sum": ("sum(field)", "the sum"),
    "max": ("max(field)", "the largest"),
    "min": ("min(field)", "the smallest"),
    "pct": ("pct(field, 95)", "a percentile"),
    "percentile": ("percentile(field, 95)", "a percentile"),
    "median": ("median(field)", "the 50th percentile"),
    "stddev": ("stddev(field)", "the standard deviation"),
    "count_distinct": ("count_distinct(field)", "how many different values, about"),
    "earliest": ("earliest(field)", "its value in the earliest event"),
    "latest": ("latest(field)", "its value in the latest event"),
    "sortsFirst": ("sortsFirst(field)", "the value that sorts first"),
    "sortsLast": ("sortsLast(field)", "the value that sorts last"),
}
"""By name: how it is called, what it gives."""

FIELDS: Final[dict[str, str]] = {
    "@timestamp": "when it happened",
    "@message": "the whole event as it was sent",
    "@logStream": "its log stream",
    "@log": "its log group, with the account",
    "@ingestionTime": "when it came in",
    "@requestId": "a function's request, where it has one",
    "@duration": "milliseconds, of a function's report",
    "@type": "START, END or REPORT, of a function",
    "@xrayTraceId": "its trace, of a function's report",
}
"""Fields that are there without being found first, and what they are."""
