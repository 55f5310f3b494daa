"""Investigate: a log, and looks at it.

`investigation` is what is asked of which log, and knows no screen. `panes` holds what is shown of
it (`borders`: how large). The screen is two classes: `looking` puts the current look on the panes
and takes other ones; `screen`, made of it, has the open log and the keys of all parts.

The parts are plain classes, each handed what it needs. `completing` (what a query is completed
with), `surveying` (what is counted beside the events), `offering` (what stands where there is no
event) and `detailing` (the selected event in full) serve the panes. `querying`, `searching`
(reviews, saved searches), `going` (to an event), `marking`, `exporting` and `following` (what is
new) use `looking`.
"""
